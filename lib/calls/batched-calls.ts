import type { Call } from '../batching/call.js';
import type { CallKind, Done } from '../batching/call-kind.js';
import type { Connection } from '../connection/connection.js';
import type { StatementResult } from '../connection/statement-query.js';
import { byteaArray, float8Array, textArray } from '../sql/array-parameters.js';
import type { Parameter, Statement } from '../sql/statement.js';
import type { Statements } from '../sql/statements.js';
import type { CallLimits } from './limits.js';

export interface Entry {
  readonly value: Buffer;
  /** Milliseconds, or null for no expiry. */
  readonly ttl: number | null;
  readonly owner: string | null;
}

export type Kind<A, V> = CallKind<Connection, A, V>;
type Calls<A, V> = ReadonlyArray<Call<Connection, A, V>>;

export interface BatchedCalls {
  readonly get: Kind<null, Buffer | undefined>;
  readonly set: Kind<Entry, void>;
  readonly touch: Kind<number | null, boolean>;
  readonly delete: Kind<null, boolean>;
}

/** The calls that share statements: many keys in one, or `id = $1` where a call travels alone. */
export function batchedCalls(
  statements: Statements,
  limits: CallLimits,
  hasOwner: boolean,
): BatchedCalls {
  return {
    get: getKind(statements, limits),
    set: setKind(statements, limits, hasOwner),
    touch: touchKind(statements, limits),
    delete: deleteKind(statements, limits),
  };
}

/** The parameters of `set` and of statements like it. */
export function entryParameters(key: string, entry: Entry, hasOwner: boolean): Parameter[] {
  const parameters = [key, entry.value, ttlParameter(entry.ttl)];
  return hasOwner ? [...parameters, entry.owner] : parameters;
}

export function ttlParameter(ttl: number | null): string | null {
  return ttl === null ? null : String(ttl);
}

/** The parameters of `setBatch`. Rows are locked in the order of the arrays, so they must be sorted. */
export function entryArrays(
  sorted: ReadonlyArray<{ readonly key: string; readonly entry: Entry }>,
  hasOwner: boolean,
): Buffer[] {
  const arrays = [
    textArray(sorted.map(({ key }) => key)),
    byteaArray(sorted.map(({ entry }) => entry.value)),
    float8Array(sorted.map(({ entry }) => entry.ttl)),
  ];
  return hasOwner ? [...arrays, textArray(sorted.map(({ entry }) => entry.owner))] : arrays;
}

/** One order of keys for all stores, so that statements that lock many rows do not deadlock. */
export function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : Number(a.key > b.key);
}

/** What holds for all kinds that share statements. */
function gathered({ lanes, maxRows }: CallLimits) {
  return { lanes, maxRows, repeatable: true } as const;
}

/** Writes that carry no values. */
function lightWrites(limits: CallLimits) {
  return {
    ...gathered(limits),
    pipelined: false,
    writes: true,
    maxWeight: Infinity,
    weigh: () => 0,
  } as const;
}

function getKind(statements: Statements, limits: CallLimits): BatchedCalls['get'] {
  // What a get brings back is not known before, so its weight is that of the gets before it.
  let averageBytes = 0;
  const weighed = (value: unknown): Buffer => {
    averageBytes += ((value as Buffer).length - averageBytes) / 16;
    return value as Buffer;
  };
  return {
    ...gathered(limits),
    pipelined: true,
    writes: false,
    maxWeight: limits.maxBytes,
    share: (value) => (value === undefined ? undefined : Buffer.from(value)),
    weigh: () => averageBytes,
    execute(connection, calls, done) {
      if (calls.length === 1) {
        run(connection, statements.get, [calls[0].key], done, ({ rows }) => [
          rows.length === 0 ? undefined : weighed(rows[0][0]),
        ]);
        return;
      }
      run(connection, statements.getBatch, [keyArray(calls)], done, ({ rows }) => {
        const found = new Map<unknown, Buffer>();
        for (const row of rows) {
          found.set(row[0], weighed(row[1]));
        }
        return calls.map((call) => found.get(call.key));
      });
    },
  };
}

function setKind(
  statements: Statements,
  limits: CallLimits,
  hasOwner: boolean,
): BatchedCalls['set'] {
  return {
    ...gathered(limits),
    pipelined: false,
    writes: true,
    maxWeight: limits.maxBytes,
    weigh: (entry) => entry.value.length,
    execute(connection, calls, done) {
      const results = (): void[] => calls.map(() => undefined);
      if (calls.length === 1) {
        const [{ key, args }] = calls;
        run(connection, statements.set, entryParameters(key, args, hasOwner), done, results);
        return;
      }
      const sorted = calls.map(({ key, args }) => ({ key, entry: args })).toSorted(byKey);
      run(connection, statements.setBatch, entryArrays(sorted, hasOwner), done, results);
    },
  };
}

function touchKind(statements: Statements, limits: CallLimits): BatchedCalls['touch'] {
  return {
    ...lightWrites(limits),
    share: (live) => live,
    execute(connection, calls, done) {
      if (calls.length === 1) {
        run(
          connection,
          statements.touch,
          [calls[0].key, ttlParameter(calls[0].args)],
          done,
          isOneRow,
        );
        return;
      }
      const sorted = calls.toSorted(byKey);
      const ttls = float8Array(sorted.map((call) => call.args));
      run(connection, statements.touchBatch, [keyArray(sorted), ttls], done, ({ rows }) => {
        const touched = new Set(rows.map((row) => row[0]));
        return calls.map((call) => touched.has(call.key));
      });
    },
  };
}

function deleteKind(statements: Statements, limits: CallLimits): BatchedCalls['delete'] {
  return {
    ...lightWrites(limits),
    share: () => false,
    execute(connection, calls, done) {
      if (calls.length === 1) {
        run(connection, statements.delete, [calls[0].key], done, ({ rows }) => [
          rows.length > 0 && rows[0][0] === true,
        ]);
        return;
      }
      run(connection, statements.deleteBatch, [keyArray(calls)], done, ({ rows }) => {
        const wasLive = new Map(rows.map((row) => [row[0], row[1]]));
        return calls.map((call) => wasLive.get(call.key) === true);
      });
    },
  };
}

/** Runs a statement and makes the results of its calls from what it returns. */
export function run<V>(
  connection: Connection,
  statement: Statement,
  values: readonly Parameter[],
  done: Done<V>,
  read: (result: StatementResult) => Parameters<Done<V>>[1],
): void {
  connection.run(statement, values, (error, result) => {
    if (result === undefined) {
      done(error);
    } else {
      done(undefined, read(result));
    }
  });
}

export function isOneRow({ rowCount }: StatementResult): boolean[] {
  return [rowCount > 0];
}

function keyArray<A, V>(calls: Calls<A, V>): Buffer {
  return textArray(calls.map((call) => call.key));
}
