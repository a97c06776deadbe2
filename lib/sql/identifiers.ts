/** PostgreSQL cuts identifiers at this many bytes. */
export const MAX_IDENTIFIER_BYTES = 63;

const UNQUOTED_IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function isIdentifier(name: string): boolean {
  return UNQUOTED_IDENTIFIER.test(name);
}

/** Folds as PostgreSQL folds an unquoted name, then quotes. Only for what `isIdentifier` accepts. */
export function quoteIdentifier(name: string): string {
  return `"${name.toLowerCase()}"`;
}

/** Quotes a name as the catalog has it. */
export function quoteExactly(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The same for a name in a schema. */
export function inSchema(schema: string, name: string): string {
  return `${quoteExactly(schema)}.${quoteExactly(name)}`;
}
