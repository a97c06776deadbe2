import { batchStatements, type BatchStatements } from './batch-statements.js';
import { columnsOf, expiry, overwrite, replaceEntry, valuesOf } from './entry-columns.js';
import { entryStatements, type EntryStatements, type TableParts } from './entry-statements.js';
import { endOfPrefix } from './key-range.js';
import { bytea, decimal, statement, text, type Statement } from './statement.js';
import { EXPIRY_BUCKET_COLUMN, OWNER_COLUMN, type TableLayout } from './table-layout.js';

/**
 * Every statement of the store. The `…Batch` ones carry many keys; the others name `id = $1`, which a
 * table that is distributed by `id` can route. A statement that reads returns the keys it read for, so
 * that an answer which belongs to another statement is never taken for its own.
 *
 * Citus takes them as well, since no modification has a function that is not immutable beside a column:
 * `now()` stands by itself, never in `RETURNING`, in `CASE` or behind `ON CONFLICT`.
 */
export interface Statements extends EntryStatements, BatchStatements {
  /** Always one row: the key, and the value or null. */
  readonly get: Statement;
  /** The live entries, then one row with the marker `$2` and null. */
  readonly getBatch: Statement;
  readonly set: Statement;
  readonly setIfPresent: Statement;
  readonly touch: Statement;
  readonly delete: Statement;
  readonly setIfAbsent: Statement;
  readonly getAndDelete: Statement;
  /** Keeps the expiry. */
  readonly compareAndSet: Statement;
  /** The same with a new expiry. */
  readonly compareAndRenew: Statement;
  readonly increment: Statement;
  /** Absent where the table is distributed: from one node to another it is no single statement. */
  readonly move: Statement | undefined;
  readonly truncate: Statement;
  /** Keys of a range, live or not, in byte order. */
  readonly rangePage: Statement;
  readonly deleteRows: Statement;
  /** Live keys of a range, in byte order. */
  readonly scanPage: Statement;
  /** The same of one owner. Absent where the table has no owner column. */
  readonly ownerPage: Statement | undefined;
  /** One row: the marker `$3`, and how many live entries the range has. */
  readonly count: Statement;
  readonly ownedCount: Statement | undefined;
  readonly deleteOwnedRows: Statement | undefined;
  /** The keys that expired first. */
  readonly expiredPage: Statement;
  /** Those behind the last one of the page before. */
  readonly nextExpiredPage: Statement;
  readonly deleteExpired: Statement;
}

/** A counter as `increment` writes it: canonical decimal ASCII. */
const COUNTER = `'^(0|-?[1-9][0-9]{0,15})$'`;

export function buildStatements(layout: TableLayout): Statements {
  const table = layout.qualified;
  const id = layout.sortsByBytes ? 't.id' : 't.id COLLATE "C"';
  const live = '(t.expires_at IS NULL OR t.expires_at > now())';
  const range = `${id} >= $1 AND ${id} < ${endOfPrefix('$2::text', layout.encoding)}`;
  const parts: TableParts = { table, hasOwner: layout.hasOwner, live, id, range };

  return {
    ...entryStatements(parts),
    ...writeStatements(parts, layout.isDistributed),
    ...batchStatements(layout, live),
    ...rangeStatements(parts),
    ...expiryStatements(table, layout.hasExpiryBucket),
    get: statement(
      'get',
      `SELECT $1::text, (SELECT t.value FROM ${table} AS t WHERE t.id = $1::text AND ${live})`,
      [text, bytea],
    ),
    getBatch: statement(
      'get_batch',
      `SELECT t.id, t.value FROM ${table} AS t WHERE t.id = ANY($1::text[]) AND ${live}
       UNION ALL SELECT $2::text, NULL`,
      [text, bytea],
    ),
    touch: statement(
      'touch',
      `UPDATE ${table} AS t SET expires_at = ${expiry('$2::float8')} WHERE t.id = $1 AND ${live}`,
    ),
    delete: statement(
      'delete',
      `DELETE FROM ${table} AS t WHERE t.id = $1 AND ${live} RETURNING t.id`,
      [text],
    ),
    getAndDelete: statement(
      'get_and_delete',
      `DELETE FROM ${table} AS t WHERE t.id = $1 AND ${live} RETURNING t.id, t.value`,
      [text, bytea],
    ),
    compareAndSet: statement(
      'compare_and_set',
      `UPDATE ${table} AS t SET value = $3::bytea
       WHERE t.id = $1 AND ${live} AND t.value = $2::bytea`,
    ),
    compareAndRenew: statement(
      'compare_and_renew',
      `UPDATE ${table} AS t SET value = $3::bytea, expires_at = ${expiry('$4::float8')}
       WHERE t.id = $1 AND ${live} AND t.value = $2::bytea`,
    ),
  };
}

type WriteStatements = Pick<
  Statements,
  'set' | 'setIfPresent' | 'setIfAbsent' | 'increment' | 'move'
>;

function writeStatements(
  { table, hasOwner, live }: TableParts,
  isDistributed: boolean,
): WriteStatements {
  const values = valuesOf(hasOwner, 1);
  const into = `INSERT INTO ${table} AS t (${columnsOf(hasOwner)})`;
  const insert = `${into} VALUES (${values})`;
  const count = `encode(t.value, 'escape')`;
  // Of many callers that find an expired entry one deletes it, and one inserts: the others find that one.
  const deleteIfExpired = statement(
    'delete_if_expired',
    `DELETE FROM ${table} AS t WHERE t.id = $1 AND t.expires_at <= now()`,
  );

  return {
    set: statement('set', `${insert} ${replaceEntry(hasOwner)}`),
    setIfPresent: statement(
      'set_if_present',
      `UPDATE ${table} AS t SET ${overwrite(hasOwner, '$2::bytea', expiry('$3::float8'), '$4::text')}
       WHERE t.id = $1 AND ${live} RETURNING t.id`,
      [text],
    ),
    // As `set`, if a live entry goes from under the last parameter.
    move: isDistributed
      ? undefined
      : statement(
          'move',
          `WITH gone AS (
             DELETE FROM ${table} AS t WHERE t.id = $${hasOwner ? 5 : 4}::text AND ${live} RETURNING t.id)
           ${into} SELECT ${values} FROM gone ${replaceEntry(hasOwner)} RETURNING t.id`,
          [text],
          'INSERT',
        ),
    setIfAbsent: {
      ...statement('set_if_absent', `${insert} ON CONFLICT (id) DO NOTHING`),
      first: deleteIfExpired,
    },
    // $2 is the step as text, which is the first value of the counter too.
    increment: {
      ...statement(
        'increment',
        `INSERT INTO ${table} AS t (id, value, expires_at)
         VALUES ($1, decode($2::text, 'escape'), ${expiry('$3::float8')})
         ON CONFLICT (id) DO UPDATE SET
           value = decode((${count}::numeric + $2::text::numeric)::text, 'escape')
         WHERE CASE WHEN ${count} ~ ${COUNTER} THEN
             abs(${count}::numeric) <= ${Number.MAX_SAFE_INTEGER}
             AND abs(${count}::numeric + $2::text::numeric) <= ${Number.MAX_SAFE_INTEGER}
           ELSE false END
         RETURNING t.id, t.value`,
        [text, bytea],
      ),
      first: deleteIfExpired,
    },
  };
}

type RangeStatements = Pick<
  Statements,
  | 'truncate'
  | 'rangePage'
  | 'deleteRows'
  | 'scanPage'
  | 'ownerPage'
  | 'deleteOwnedRows'
  | 'count'
  | 'ownedCount'
>;

/** A page is read, then deleted by its keys: a distributed table takes no subquery in a `DELETE`. */
function rangeStatements({ table, hasOwner, live, id, range }: TableParts): RangeStatements {
  const page = (word: string, where: string, limit: string): Statement =>
    statement(word, `SELECT t.id FROM ${table} AS t WHERE ${where} ORDER BY ${id} LIMIT ${limit}`, [
      text,
    ]);
  const count = (word: string, where: string): Statement =>
    statement(
      word,
      `SELECT $3::text, count(*)::text FROM ${table} AS t WHERE ${where} AND ${live}`,
      [text, decimal],
    );
  const owned = `t.${OWNER_COLUMN} =`;
  const listed = `DELETE FROM ${table} AS t WHERE t.id = ANY($1::text[])`;
  return {
    truncate: statement('truncate', `TRUNCATE TABLE ${table}`),
    rangePage: page('range_page', range, '$3'),
    deleteRows: statement('delete_rows', listed),
    scanPage: page('scan_page', `${range} AND ${live}`, '$3'),
    ownerPage: hasOwner
      ? page('owner_page', `${range} AND ${owned} $4 AND ${live}`, '$3')
      : undefined,
    count: count('count', range),
    ownedCount: hasOwner ? count('owned_count', `${range} AND ${owned} $4`) : undefined,
    deleteOwnedRows: hasOwner
      ? statement('delete_owned_rows', `${listed} AND ${owned} $2 AND ${live}`)
      : undefined,
  };
}

type ExpiryStatements = Pick<Statements, 'expiredPage' | 'nextExpiredPage' | 'deleteExpired'>;

/**
 * Expired keys by the coarse column, which is indexed together with the key, and filtered by the exact one;
 * oldest first. A table of celeris has an index on the exact column, which serves as well.
 */
function expiryStatements(table: string, hasExpiryBucket: boolean): ExpiryStatements {
  const column = hasExpiryBucket ? EXPIRY_BUCKET_COLUMN : 'expires_at';
  const page = (word: string, behind: string): Statement =>
    statement(
      word,
      `SELECT id, extract(epoch FROM ${column})::text FROM ${table}
       WHERE ${behind} ${column} <= now() AND expires_at <= now() ORDER BY ${column}, id LIMIT $1`,
      [text, text],
    );
  return {
    expiredPage: page('expired_page', ''),
    nextExpiredPage: page(
      'next_expired_page',
      `(${column}, id) > (to_timestamp($2::float8), $3::text) AND`,
    ),
    // Checks again, for an entry that was renewed in between. Not by `FOR UPDATE`, which a distributed
    // PostgreSQL refuses.
    deleteExpired: statement(
      'delete_expired',
      `DELETE FROM ${table} WHERE id = ANY($1::text[]) AND expires_at <= now()`,
    ),
  };
}
