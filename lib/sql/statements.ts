import { entryStatements, type EntryStatements, type TableParts } from './entry-statements.js';
import { endOfPrefix } from './key-range.js';
import { bool, bytea, decimal, statement, text, type Statement } from './statement.js';
import { EXPIRY_BUCKET_COLUMN, OWNER_COLUMN, type TableLayout } from './table-layout.js';

/**
 * Every statement of the store. The `…Batch` ones carry many keys; the others name `id = $1`, which a
 * table that is distributed by `id` can route. A statement that reads returns the keys it read for, so
 * that an answer which belongs to another statement is never taken for its own.
 */
export interface Statements extends EntryStatements {
  /** Always one row: the key, and the value or null. */
  readonly get: Statement;
  /** The live entries, then one row with the marker `$2` and null. */
  readonly getBatch: Statement;
  readonly set: Statement;
  readonly setBatch: Statement;
  readonly setIfPresent: Statement;
  readonly setIfPresentBatch: Statement;
  readonly touch: Statement;
  readonly touchBatch: Statement;
  readonly delete: Statement;
  readonly deleteBatch: Statement;
  readonly setIfAbsent: Statement;
  readonly getAndDelete: Statement;
  readonly compareAndSet: Statement;
  readonly increment: Statement;
  /** In one statement, which a table on several nodes does not take. */
  readonly move: Statement;
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
    ...writeStatements(parts),
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
    touchBatch: statement(
      'touch_batch',
      `UPDATE ${table} AS t SET expires_at = ${expiry('c.ttl')}
       FROM unnest($1::text[], $2::float8[]) AS c (id, ttl)
       WHERE t.id = c.id AND ${live} RETURNING t.id`,
      [text],
    ),
    delete: statement(
      'delete',
      `DELETE FROM ${table} AS t WHERE t.id = $1 RETURNING t.id, ${live}`,
      [text, bool],
    ),
    deleteBatch: statement(
      'delete_batch',
      `DELETE FROM ${table} AS t WHERE t.id = ANY($1::text[]) RETURNING t.id, ${live}`,
      [text, bool],
    ),
    getAndDelete: statement(
      'get_and_delete',
      `DELETE FROM ${table} AS t WHERE t.id = $1 AND ${live} RETURNING t.id, t.value`,
      [text, bytea],
    ),
    compareAndSet: statement(
      'compare_and_set',
      `UPDATE ${table} AS t SET value = $3::bytea,
         expires_at = CASE WHEN $4::boolean THEN ${expiry('$5::float8')} ELSE t.expires_at END
       WHERE t.id = $1 AND ${live} AND t.value = $2::bytea`,
    ),
  };
}

type WriteStatements = Pick<
  Statements,
  'set' | 'setBatch' | 'setIfPresent' | 'setIfPresentBatch' | 'setIfAbsent' | 'increment' | 'move'
>;

function writeStatements({ table, hasOwner, live }: TableParts): WriteStatements {
  const columns = hasOwner ? `id, value, expires_at, ${OWNER_COLUMN}` : 'id, value, expires_at';
  const values = `$1, $2::bytea, ${expiry('$3::float8')}${hasOwner ? ', $4::text' : ''}`;
  const insert = `INSERT INTO ${table} AS t (${columns})`;
  const replace = `ON CONFLICT (id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at${
    hasOwner ? `, ${OWNER_COLUMN} = excluded.${OWNER_COLUMN}` : ''
  }`;
  const rows = hasOwner
    ? `unnest($1::text[], $2::bytea[], $3::float8[], $4::text[]) AS c (id, value, ttl, owner)`
    : `unnest($1::text[], $2::bytea[], $3::float8[]) AS c (id, value, ttl)`;
  const count = `encode(t.value, 'escape')`;
  // The owner stays unless one is given.
  const overwrite = (value: string, ttl: string, owner: string): string =>
    `UPDATE ${table} AS t SET value = ${value}, expires_at = ${expiry(ttl)}${
      hasOwner ? `, ${OWNER_COLUMN} = coalesce(${owner}, t.${OWNER_COLUMN})` : ''
    }`;
  const ifLive = (column: string): string =>
    `${column} = CASE WHEN ${live} THEN t.${column} ELSE excluded.${column} END`;

  return {
    set: statement('set', `${insert} VALUES (${values}) ${replace}`),
    setBatch: statement(
      'set_batch',
      `${insert} SELECT c.id, c.value, ${expiry('c.ttl')}${hasOwner ? ', c.owner' : ''} FROM ${rows} ${replace}`,
    ),
    setIfPresent: statement(
      'set_if_present',
      `${overwrite('$2::bytea', '$3::float8', '$4::text')} WHERE t.id = $1 AND ${live} RETURNING t.id`,
      [text],
    ),
    setIfPresentBatch: statement(
      'set_if_present_batch',
      `${overwrite('c.value', 'c.ttl', 'c.owner')} FROM ${rows}
       WHERE t.id = c.id AND ${live} RETURNING t.id`,
      [text],
    ),
    // As `set`, if a live entry goes from under the last parameter.
    move: statement(
      'move',
      `WITH gone AS (
         DELETE FROM ${table} AS t WHERE t.id = $${hasOwner ? 5 : 4}::text AND ${live} RETURNING t.id)
       ${insert} SELECT ${values} FROM gone ${replace} RETURNING t.id`,
      [text],
      'INSERT',
    ),
    setIfAbsent: statement(
      'set_if_absent',
      `${insert} VALUES (${values}) ${replace} WHERE NOT ${live}`,
    ),
    // $2 is the step as text, which is the first value of the counter too.
    increment: statement(
      'increment',
      `INSERT INTO ${table} AS t (id, value, expires_at)
       VALUES ($1, convert_to($2::text, 'UTF8'), ${expiry('$3::float8')})
       ON CONFLICT (id) DO UPDATE SET
         value = CASE WHEN ${live}
           THEN convert_to((${count}::numeric + $2::text::numeric)::text, 'UTF8')
           ELSE excluded.value END,
         ${ifLive('expires_at')}${hasOwner ? `, ${ifLive(OWNER_COLUMN)}` : ''}
       WHERE CASE WHEN NOT ${live} THEN true
         WHEN ${count} ~ ${COUNTER} THEN
           abs(${count}::numeric) <= ${Number.MAX_SAFE_INTEGER}
           AND abs(${count}::numeric + $2::text::numeric) <= ${Number.MAX_SAFE_INTEGER}
         ELSE false END
       RETURNING t.id, t.value`,
      [text, bytea],
    ),
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

/** A ttl in milliseconds as an expiry; null stays null, which is no expiry. */
function expiry(ttl: string): string {
  return `now() + ${ttl} * interval '1 millisecond'`;
}
