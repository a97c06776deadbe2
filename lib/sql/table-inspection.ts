import type { ClientBase } from 'pg';
import {
  EXPIRY_BUCKET_COLUMN,
  OWNER_COLUMN,
  REQUIRED_COLUMNS,
  type TableLayout,
} from './table-layout.js';
import { quoteExactly, quoteIdentifier } from './identifiers.js';
import type { TableNames } from './table-name.js';

/** A table as the catalog describes it. */
export interface TableDescription {
  readonly schema: string;
  /** Column names with their types, as `format_type` writes them. */
  readonly columns: ReadonlyMap<string, string>;
  readonly idCollation: string | undefined;
  readonly hasKey: boolean;
  readonly indexes: ReadonlySet<string>;
}

interface CatalogTable {
  schema: string;
  columns: Record<string, string>;
  idCollation: string | null;
  hasKey: boolean;
  indexes: string[];
}

/**
 * One read for everything, which takes no lock that a writer holds. As text, since applications change how
 * the driver parses other types.
 */
const DESCRIBE = `
SELECT jsonb_build_object('schema', n.nspname,
  'columns', (SELECT coalesce(jsonb_object_agg(a.attname, format_type(a.atttypid, NULL)), '{}')
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'idCollation', (SELECT l.collname FROM pg_attribute a JOIN pg_collation l ON l.oid = a.attcollation
     WHERE a.attrelid = c.oid AND a.attname = 'id' AND NOT a.attisdropped),
  'hasKey', EXISTS (SELECT FROM pg_index x JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'
     WHERE x.indrelid = c.oid AND x.indisunique AND x.indpred IS NULL
       AND x.indnkeyatts = 1 AND x.indkey[0] = a.attnum),
  'indexes', (SELECT coalesce(jsonb_agg(i.relname), '[]')
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid))::text AS found
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)`;

export async function describeTable(
  client: ClientBase,
  names: TableNames,
): Promise<TableDescription | undefined> {
  const { rows } = await client.query<{ found: string }>(DESCRIBE, [names.qualified]);
  if (rows.length === 0) {
    return undefined;
  }
  const { schema, columns, idCollation, hasKey, indexes } = JSON.parse(
    rows[0].found,
  ) as CatalogTable;
  return {
    schema,
    columns: new Map(Object.entries(columns)),
    idCollation: idCollation ?? undefined,
    hasKey,
    indexes: new Set(indexes),
  };
}

/** What keeps the store from using the table, in words; empty where nothing does. */
export function findFaults(table: TableDescription): string[] {
  const faults = Object.entries(REQUIRED_COLUMNS).flatMap(([column, type]) => {
    const found = table.columns.get(column);
    if (found === undefined) {
      return [`column "${column}" (${type}) is missing`];
    }
    return found === type ? [] : [`column "${column}" is ${found}, and must be ${type}`];
  });
  if (faults.length === 0 && !table.hasKey) {
    faults.push('column "id" has no primary key or unique index');
  }
  return faults;
}

export function layoutOf(names: TableNames, table: TableDescription): TableLayout {
  return {
    names,
    schema: table.schema,
    qualified: `${quoteExactly(table.schema)}.${quoteIdentifier(names.table)}`,
    hasOwner: table.columns.has(OWNER_COLUMN),
    hasExpiryBucket: table.columns.has(EXPIRY_BUCKET_COLUMN),
    sortsByBytes: table.idCollation === 'C',
  };
}
