import type { TableNames } from './table-name.js';

/** What a store's table has, as read from the catalog. A table made by celeris has neither extra column. */
export interface TableLayout {
  readonly names: TableNames;
  /** The schema that the name resolved to. */
  readonly schema: string;
  /** The table's name with that schema, quoted: a search path set later moves nothing. */
  readonly qualified: string;
  readonly hasOwner: boolean;
  readonly hasExpiryBucket: boolean;
  /** Whether `id` sorts by bytes, so that its index serves prefixes. */
  readonly sortsByBytes: boolean;
  /** Of the database. */
  readonly encoding: string;
  /** Whether the database has Citus, and whether Citus knows the table: its rows may lie on other nodes. */
  readonly hasCitus: boolean;
  readonly isDistributed: boolean;
}

/** The columns that every store needs, and their types as `format_type` writes them. */
export const REQUIRED_COLUMNS = {
  id: 'text',
  value: 'bytea',
  expires_at: 'timestamp with time zone',
} as const;

export const OWNER_COLUMN = 'owner';
export const EXPIRY_BUCKET_COLUMN = 'expires_bucket';

/**
 * The index must not hold `expires_at` itself, nor name it in its predicate: every touch would then
 * rewrite every index of the row. The bucket changes once in half an hour, so other touches stay
 * heap-only, for which the fillfactor leaves room on the page. The key behind it lets a sweep go on
 * where its last page ended.
 */
const EXPIRY_BUCKET = '30 minutes';
const FILLFACTOR = 70;

/** The columns of a table of ours. */
export const COLUMN_DEFINITIONS: Readonly<Record<string, string>> = {
  id: 'text COLLATE "C" PRIMARY KEY',
  value: 'bytea NOT NULL',
  expires_at: 'timestamptz',
  [OWNER_COLUMN]: 'text COLLATE "C"',
  [EXPIRY_BUCKET_COLUMN]: `timestamptz GENERATED ALWAYS AS
    (date_bin('${EXPIRY_BUCKET}', expires_at, timestamptz '2000-01-01 00:00:00+00')) STORED`,
};

export function createTable({ qualified }: TableNames): string {
  const columns = Object.entries(COLUMN_DEFINITIONS).map((column) => `  ${column.join(' ')}`);
  return `CREATE TABLE ${qualified} (
${columns.join(',\n')}
) WITH (fillfactor = ${FILLFACTOR})`;
}

export function createExpiryIndex({ qualified, expiryIndex }: TableNames, bucket = true): string {
  const column = bucket ? EXPIRY_BUCKET_COLUMN : 'expires_at';
  return `CREATE INDEX "${expiryIndex}" ON ${qualified} (${column}, id) WHERE ${column} IS NOT NULL`;
}

export function createOwnerIndex({ qualified, ownerIndex }: TableNames): string {
  return `CREATE INDEX "${ownerIndex}" ON ${qualified} (${OWNER_COLUMN}, id) WHERE ${OWNER_COLUMN} IS NOT NULL`;
}

/**
 * Few shards: a statement of many keys goes to each of them. Colocated with nothing, so that it can be moved
 * by itself.
 */
export function distributeTable({ qualified }: Pick<TableNames, 'qualified'>): string {
  return `SELECT create_distributed_table('${qualified}', 'id', shard_count => 4, colocate_with => 'none')`;
}

/** All DDL of a store, for a DBA to run. */
export function schemaSql(names: TableNames, citus = false): string {
  const statements = [createTable(names), createExpiryIndex(names), createOwnerIndex(names)];
  return [...statements, ...(citus ? [distributeTable(names)] : [])]
    .map((statement) => `${statement};\n`)
    .join('');
}
