import { columnsOf, expiry, overwrite, replaceEntry, valuesOf } from './entry-columns.js';
import { statement, text, unnamed, type Statement } from './statement.js';
import type { TableLayout } from './table-layout.js';

/** The writes of many keys. */
export interface BatchStatements {
  readonly deleteBatch: Statement;
  /** Of one ttl. */
  readonly touchBatch: Statement;
  /** Of a ttl for each key. */
  readonly touchEach: Statement;
  readonly setIfPresentBatch: Statement;
  /** Of entries as arrays. */
  readonly setBatch: Statement;
  /** Of so many entries, one behind the other. Where it is there, it is the faster one. */
  readonly setRows: ((rows: number) => Statement) | undefined;
}

export function batchStatements(layout: TableLayout, live: string): BatchStatements {
  const { qualified: table, hasOwner, isDistributed } = layout;
  const listed = `WHERE t.id = ANY($1::text[]) AND ${live} RETURNING t.id`;
  const { touchEach, setIfPresent } = (isDistributed ? byPosition : byJoin)(hasOwner, live);
  const insert = `INSERT INTO ${table} AS t (${columnsOf(hasOwner)})`;
  const replace = replaceEntry(hasOwner);
  const owner = hasOwner ? ', c.owner' : '';

  return {
    deleteBatch: statement('delete_batch', `DELETE FROM ${table} AS t ${listed}`, [text]),
    touchBatch: statement(
      'touch_batch',
      `UPDATE ${table} AS t SET expires_at = ${expiry('$2::float8')} ${listed}`,
      [text],
    ),
    touchEach: statement('touch_each', `UPDATE ${table} AS t SET ${touchEach}`, [text]),
    setIfPresentBatch: statement(
      'set_if_present_batch',
      `UPDATE ${table} AS t SET ${setIfPresent}`,
      [text],
    ),
    setBatch: statement(
      'set_batch',
      `${insert} SELECT c.id, c.value, ${expiry('c.ttl')}${owner} FROM ${entries(hasOwner)} ${replace}`,
    ),
    setRows: isDistributed
      ? (rows) => {
          const width = hasOwner ? 4 : 3;
          const values = Array.from({ length: rows }, (_, n) => valuesOf(hasOwner, n * width + 1));
          return unnamed(`${insert} VALUES (${values.join('), (')}) ${replace}`);
        }
      : undefined,
  };
}

function entries(hasOwner: boolean): string {
  return hasOwner
    ? `unnest($1::text[], $2::bytea[], $3::float8[], $4::text[]) AS c (id, value, ttl, owner)`
    : `unnest($1::text[], $2::bytea[], $3::float8[]) AS c (id, value, ttl)`;
}

interface Changes {
  readonly touchEach: string;
  readonly setIfPresent: string;
}

/** Locks the rows in the order of the arrays. */
function byJoin(hasOwner: boolean, live: string): Changes {
  const listed = `WHERE t.id = c.id AND ${live} RETURNING t.id`;
  return {
    touchEach: `expires_at = ${expiry('c.ttl')}
      FROM unnest($1::text[], $2::float8[]) AS c (id, ttl) ${listed}`,
    setIfPresent: `${overwrite(hasOwner, 'c.value', expiry('c.ttl'), 'c.owner')}
      FROM ${entries(hasOwner)} ${listed}`,
  };
}

/**
 * Each row finds its place in the arrays, as Citus joins no arrays to what it updates. Nor does it add an
 * interval beside a column, which is not immutable since days differ in length; so the expiry is made of seconds.
 */
function byPosition(hasOwner: boolean, live: string): Changes {
  const listed = `WHERE t.id = ANY($1::text[]) AND ${live} RETURNING t.id`;
  const its = (array: string): string => `(${array})[array_position($1::text[], t.id)]`;
  const expiresAt = (ttls: string): string =>
    `to_timestamp(extract(epoch FROM now())::float8 + ${its(ttls)} / 1000)`;
  // Citus 13.2 crashes at an element of an array that stands alone.
  const value = `coalesce(${its('$2::bytea[]')}, t.value)`;
  const expires = expiresAt('$3::float8[]');
  return {
    touchEach: `expires_at = ${expiresAt('$2::float8[]')} ${listed}`,
    setIfPresent: `${overwrite(hasOwner, value, expires, its('$4::text[]'))} ${listed}`,
  };
}
