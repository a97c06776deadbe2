import type { Harness } from './harness.js';

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
  generated: boolean;
  collation: string | null;
}

export async function columnsOf(harness: Harness, table: string): Promise<Map<string, Column>> {
  const rows = await harness.sql<Column>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable,
            attgenerated <> '' AS generated, collname AS collation
     FROM pg_attribute LEFT JOIN pg_collation c ON c.oid = attcollation
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  return new Map(rows.map((column) => [column.name, column]));
}

export interface Index {
  name: string;
  primary: boolean;
  /** The indexed columns, in order. */
  columns: string[];
  predicate: string | null;
}

export async function indexesOf(harness: Harness, table: string): Promise<Index[]> {
  return harness.sql<Index>(
    `SELECT relname AS name, indisprimary AS primary, pg_get_expr(indpred, indrelid) AS predicate,
            ARRAY(SELECT pg_get_indexdef(indexrelid, n, true)
                  FROM generate_series(1, indnkeyatts) AS n) AS columns
     FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid = $1::regclass ORDER BY relname`,
    [table],
  );
}

export async function exists(harness: Harness, relation: string): Promise<boolean> {
  const [row] = await harness.sql<{ found: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [relation],
  );
  return row.found;
}

/** The table as celeris `postgresstore` makes it. */
export function celerisDdl(table: string): string {
  return `
    CREATE TABLE IF NOT EXISTS ${table} (
      id TEXT PRIMARY KEY, value BYTEA NOT NULL, expires_at TIMESTAMPTZ);
    CREATE INDEX IF NOT EXISTS ${table}_expires_at
      ON ${table} (expires_at) WHERE expires_at IS NOT NULL`;
}
