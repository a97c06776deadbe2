import { bytea, float8, statement, text, type ColumnReader, type Statement } from './statement.js';
import { OWNER_COLUMN } from './table-layout.js';

/** The statements that read entries whole: value, milliseconds left or null, owner where the table has one. */
export interface EntryStatements {
  /** Always one row: the key, then the columns of the entry or nulls. */
  readonly getEntry: Statement;
  /** The live entries, then one row with the marker `$2` and nulls. */
  readonly getEntryBatch: Statement;
}

export function entryStatements(table: string, hasOwner: boolean, live: string): EntryStatements {
  // PostgreSQL before 17 cannot subtract from `infinity`, which is no expiry.
  const expiresIn = `CASE WHEN isfinite(t.expires_at)
    THEN date_part('epoch', t.expires_at - now()) * 1000 END`;
  const columns = `t.value, ${expiresIn}${hasOwner ? `, t.${OWNER_COLUMN}` : ''}`;
  const readers: ColumnReader[] = [text, bytea, float8, ...(hasOwner ? [text] : [])];
  return {
    getEntry: statement(
      'get_entry',
      `SELECT $1::text, ${columns}
       FROM (SELECT 1) AS one LEFT JOIN ${table} AS t ON t.id = $1::text AND ${live}`,
      readers,
    ),
    getEntryBatch: statement(
      'get_entry_batch',
      `SELECT t.id, ${columns} FROM ${table} AS t WHERE t.id = ANY($1::text[]) AND ${live}
       UNION ALL SELECT $2::text, NULL, NULL${hasOwner ? ', NULL' : ''}`,
      readers,
    ),
  };
}
