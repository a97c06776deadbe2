import { bytea, decimal, statement, text, type ColumnReader, type Statement } from './statement.js';
import { OWNER_COLUMN } from './table-layout.js';

/** The statements that read entries whole: value, milliseconds left or null, owner where the table has one. */
export interface EntryStatements {
  /** Always one row: the key, then the columns of the entry or nulls. */
  readonly getEntry: Statement;
  /** The live entries, then one row with the marker `$2` and nulls. */
  readonly getEntryBatch: Statement;
  /**
   * Live entries of a range, in byte order: at most `$3`, and none before which the values have `$4` bytes or
   * more. So a page of large values is a short one, and always has an entry if there is any.
   */
  readonly entriesPage: Statement;
  /** The same of the owner `$5`. Absent where the table has no owner column. */
  readonly ownedEntriesPage: Statement | undefined;
}

/** The parts that statements on one table have in common. */
export interface TableParts {
  readonly table: string;
  readonly hasOwner: boolean;
  /** The one definition of a live entry. */
  readonly live: string;
  /** The key, as it sorts by bytes. */
  readonly id: string;
  /** That it is in a range from `$1` on, under the prefix `$2`. */
  readonly range: string;
}

export function entryStatements({ table, hasOwner, live, id, range }: TableParts): EntryStatements {
  // PostgreSQL before 17 cannot subtract from `infinity`, which is no expiry. As text of a decimal, which
  // `extra_float_digits` does not shorten.
  const expiresIn = `CASE WHEN isfinite(t.expires_at)
    THEN (extract(epoch FROM t.expires_at - now()) * 1000)::text END`;
  const columns = `t.value, ${expiresIn}${hasOwner ? `, t.${OWNER_COLUMN}` : ''}`;
  const readers: ColumnReader[] = [text, bytea, decimal, ...(hasOwner ? [text] : [])];
  const page = (word: string, where: string): Statement =>
    statement(
      word,
      `SELECT t.id, ${columns} FROM (
         SELECT t.*, sum(octet_length(t.value)) OVER (
           ORDER BY ${id} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
         FROM (SELECT t.* FROM ${table} AS t WHERE ${where} AND ${live} ORDER BY ${id} LIMIT $3) AS t
       ) AS t WHERE coalesce(t.bytes_before, 0) < $4::bigint ORDER BY ${id}`,
      readers,
    );
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
    entriesPage: page('entries_page', range),
    ownedEntriesPage: hasOwner
      ? page('owned_entries_page', `${range} AND t.${OWNER_COLUMN} = $5`)
      : undefined,
  };
}
