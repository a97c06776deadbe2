import { float8Array, textArray } from './array-parameters.js';
import { boolean, bytes, integer, statement, text, type Statement } from './statement.js';
import { EXPIRY_BUCKET_COLUMN, OWNER_COLUMN, type TableLayout } from './table-layout.js';

/**
 * Every statement of the store. The `…Batch` ones carry many keys; the others name `id = $1`, which a
 * table that is distributed by `id` can route.
 */
export interface Statements {
  readonly get: Statement;
  readonly getBatch: Statement;
  readonly set: Statement;
  readonly setBatch: Statement;
  readonly touch: Statement;
  readonly touchBatch: Statement;
  readonly delete: Statement;
  readonly deleteBatch: Statement;
  readonly setIfAbsent: Statement;
  readonly getAndDelete: Statement;
  readonly compareAndSet: Statement;
  readonly increment: Statement;
  readonly deleteRange: Statement;
  readonly deleteAnyPage: Statement;
  readonly truncate: Statement;
  readonly scanPage: Statement;
  /** Absent where the table has no owner column. */
  readonly scanOwnerPage: Statement | undefined;
  readonly deleteOwner: Statement | undefined;
  readonly expiredPage: Statement;
  readonly deleteExpired: Statement;
}

/**
 * A row that somebody else holds locked must not hold up the calls that travel with it, so a batch waits
 * no longer than this for locks, in milliseconds; its calls then go one by one. Set within the statement,
 * before its first row is locked, since a borrowed connection keeps its own settings.
 */
const BATCH_LOCK_TIMEOUT_MS = 500;
const BATCH_LOCK_TIMEOUT = `set_config('lock_timeout', '${BATCH_LOCK_TIMEOUT_MS}', true)`;

/** A counter as `increment` writes it: canonical decimal ASCII. */
const COUNTER = `'^(0|-?[1-9][0-9]{0,15})$'`;

export function buildStatements(layout: TableLayout): Statements {
  const table = layout.names.qualified;
  const id = layout.sortsByBytes ? 't.id' : 't.id COLLATE "C"';
  const live = '(t.expires_at IS NULL OR t.expires_at > now())';
  const range = (first: number): string => `${id} >= $${first} AND ${id} < $${first + 1}`;
  const write = writeStatements(table, layout.hasOwner, live);

  return {
    ...write,
    get: statement(
      `SELECT t.value FROM ${table} AS t WHERE t.id = $1 AND ${live}`,
      [bytes],
      [null],
    ),
    getBatch: statement(
      `SELECT t.id, t.value FROM ${table} AS t WHERE t.id = ANY($1::text[]) AND ${live}`,
      [text, bytes],
      [textArray([])],
    ),
    touch: statement(
      `UPDATE ${table} AS t SET expires_at = ${expiry('$2::float8')} WHERE t.id = $1 AND ${live}`,
      [],
      [null, null],
    ),
    touchBatch: statement(
      `UPDATE ${table} AS t SET expires_at = ${expiry('c.ttl')}
       FROM ${BATCH_LOCK_TIMEOUT}, unnest($1::text[], $2::float8[]) AS c (id, ttl)
       WHERE t.id = c.id AND ${live} RETURNING t.id`,
      [text],
      [textArray([]), float8Array([])],
    ),
    delete: statement(
      `DELETE FROM ${table} AS t WHERE t.id = $1 RETURNING ${live}`,
      [boolean],
      [null],
    ),
    deleteBatch: statement(
      `DELETE FROM ${table} AS t USING ${BATCH_LOCK_TIMEOUT}
       WHERE t.id = ANY($1::text[]) RETURNING t.id, ${live}`,
      [text, boolean],
      [textArray([])],
    ),
    getAndDelete: statement(
      `DELETE FROM ${table} AS t WHERE t.id = $1 AND ${live} RETURNING t.value`,
      [bytes],
      [null],
    ),
    compareAndSet: statement(
      `UPDATE ${table} AS t SET value = $3::bytea,
         expires_at = CASE WHEN $4::boolean THEN ${expiry('$5::float8')} ELSE t.expires_at END
       WHERE t.id = $1 AND ${live} AND t.value = $2::bytea`,
      [],
      [null, null, null, null, null],
    ),
    deleteRange: statement(`DELETE FROM ${table} AS t WHERE ${range(1)}`),
    deleteAnyPage: statement(
      `DELETE FROM ${table} WHERE id = ANY(ARRAY(SELECT id FROM ${table} LIMIT $1))`,
    ),
    truncate: statement(`TRUNCATE TABLE ${table}`),
    scanPage: statement(
      `SELECT t.id FROM ${table} AS t WHERE ${range(1)} AND ${live} ORDER BY ${id} LIMIT $3`,
      [text],
    ),
    ...ownerStatements(table, layout.hasOwner, live, id, range),
    expiredPage: expiredPage(table, layout.hasExpiryBucket ? EXPIRY_BUCKET_COLUMN : 'expires_at'),
    // Checks again, for an entry that was renewed in between. Not by `FOR UPDATE`, which a distributed
    // PostgreSQL refuses.
    deleteExpired: statement(
      `DELETE FROM ${table} WHERE id = ANY($1::text[]) AND expires_at <= now()`,
    ),
  };
}

function writeStatements(
  table: string,
  hasOwner: boolean,
  live: string,
): Pick<Statements, 'set' | 'setBatch' | 'setIfAbsent' | 'increment'> {
  const columns = hasOwner ? `id, value, expires_at, ${OWNER_COLUMN}` : 'id, value, expires_at';
  const values = `$1, $2::bytea, ${expiry('$3::float8')}${hasOwner ? ', $4::text' : ''}`;
  const insert = `INSERT INTO ${table} AS t (${columns})`;
  const replace = `ON CONFLICT (id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at${
    hasOwner ? `, ${OWNER_COLUMN} = excluded.${OWNER_COLUMN}` : ''
  }`;
  const batch = hasOwner
    ? `SELECT c.id, c.value, ${expiry('c.ttl')}, c.owner
       FROM ${BATCH_LOCK_TIMEOUT},
         unnest($1::text[], $2::bytea[], $3::float8[], $4::text[]) AS c (id, value, ttl, owner)`
    : `SELECT c.id, c.value, ${expiry('c.ttl')}
       FROM ${BATCH_LOCK_TIMEOUT}, unnest($1::text[], $2::bytea[], $3::float8[]) AS c (id, value, ttl)`;
  const count = `encode(t.value, 'escape')`;
  const ifLive = (column: string): string =>
    `${column} = CASE WHEN ${live} THEN t.${column} ELSE excluded.${column} END`;

  return {
    set: statement(`${insert} VALUES (${values}) ${replace}`),
    setBatch: statement(`${insert} ${batch} ${replace}`),
    setIfAbsent: statement(`${insert} VALUES (${values}) ${replace} WHERE NOT ${live}`),
    // $2 is the step as text, which is the first value of the counter too.
    increment: statement(
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
       RETURNING t.value`,
      [bytes],
    ),
  };
}

function ownerStatements(
  table: string,
  hasOwner: boolean,
  live: string,
  id: string,
  range: (first: number) => string,
): Pick<Statements, 'scanOwnerPage' | 'deleteOwner'> {
  if (!hasOwner) {
    return { scanOwnerPage: undefined, deleteOwner: undefined };
  }
  const owned = `t.${OWNER_COLUMN} = $1 AND ${range(2)}`;
  return {
    scanOwnerPage: statement(
      `SELECT t.id FROM ${table} AS t WHERE ${owned} AND ${live} ORDER BY ${id} LIMIT $4`,
      [text],
    ),
    deleteOwner: statement(
      `WITH gone AS (
         DELETE FROM ${table} AS t WHERE ${owned} AND t.id <> ALL($4::text[]) RETURNING ${live} AS live
       ) SELECT count(*) FILTER (WHERE live) FROM gone`,
      [integer],
    ),
  };
}

/** Reads by the coarse column, which is indexed, and filters by the exact one; oldest first. */
function expiredPage(table: string, column: string): Statement {
  return statement(
    `SELECT id FROM ${table} WHERE ${column} <= now() AND expires_at <= now()
     ORDER BY ${column} LIMIT $1`,
    [text],
  );
}

/** A ttl in milliseconds as an expiry; null stays null, which is no expiry. */
function expiry(ttl: string): string {
  return `now() + ${ttl} * interval '1 millisecond'`;
}
