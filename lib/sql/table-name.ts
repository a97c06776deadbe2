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
  readonly schema: string | undefined;
  readonly table: string;
  readonly qualified: string;
  readonly expiryIndex: string;
  readonly ownerIndex: string;
}

export function tableNames(tableName: string, schemaName?: string): TableNames {
  const table = tableName.toLowerCase();
  const schema = schemaName?.toLowerCase();
  return {
    schema,
    table,
    qualified:
      schema === undefined
        ? quoteIdentifier(table)
        : `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`,
    expiryIndex: `${table}${EXPIRY_INDEX_SUFFIX}`,
    ownerIndex: `${table}${OWNER_INDEX_SUFFIX}`,
  };
}
