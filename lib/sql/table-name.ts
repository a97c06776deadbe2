import { isIdentifier, MAX_IDENTIFIER_BYTES, quoteIdentifier } from './identifiers.js';

/** The suffixes of the indexes; the expiry index has the name that celeris looks for. */
const EXPIRY_INDEX_SUFFIX = '_expires_at';
const OWNER_INDEX_SUFFIX = '_owner';

/** The longest table name whose index names still fit. */
export const MAX_TABLE_NAME_BYTES =
  MAX_IDENTIFIER_BYTES - Math.max(EXPIRY_INDEX_SUFFIX.length, OWNER_INDEX_SUFFIX.length);

export function isTableName(name: string): boolean {
  return isIdentifier(name) && name.length <= MAX_TABLE_NAME_BYTES;
}

export function isSchemaName(name: string): boolean {
  return isIdentifier(name) && name.length <= MAX_IDENTIFIER_BYTES;
}

/** The names of one store's table and indexes, folded to lower case; `qualified` is quoted. */
export interface TableNames {
  /** The table's name for a message: qualified, and how it was given if that was folded. */
  readonly told: string;
  readonly schema: string | undefined;
  readonly table: string;
  readonly qualified: string;
  readonly expiryIndex: string;
  readonly ownerIndex: string;
}

export function tableNames(tableName: string, schemaName?: string): TableNames {
  const table = tableName.toLowerCase();
  const schema = schemaName?.toLowerCase();
  const given = schemaName === undefined ? [tableName] : [schemaName, tableName];
  const qualified = given.map(quoteIdentifier).join('.');
  const isFolded = given.some((name) => name !== name.toLowerCase());
  return {
    schema,
    table,
    qualified,
    told: isFolded ? `${qualified} (folded from ${given.join('.')})` : qualified,
    expiryIndex: `${table}${EXPIRY_INDEX_SUFFIX}`,
    ownerIndex: `${table}${OWNER_INDEX_SUFFIX}`,
  };
}
