import { randomUUID } from 'node:crypto';
import type { Operation } from '../batching/types.js';
import { protocolError } from '../protocol/protocol-error.js';
import { float8Array, textArray } from '../sql/array-parameters.js';
import type { StatementResult } from '../sql/statement.js';
import {
  byKey,
  entryArrays,
  entryParameters,
  gatheredReads,
  gatheredWrites,
  inKeyOrder,
  isOneRow,
  onlyRowOf,
  read,
  rowOf,
  ttlParameter,
  write,
  type Entry,
  type OperationSetup,
} from './shared.js';

/** The operations whose calls share batches: many keys in one statement, or `id = $1` for a call alone. */
export interface BatchedOperations {
  readonly get: Operation<null, Buffer | undefined>;
  readonly set: Operation<Entry, void>;
  readonly touch: Operation<number | null, boolean>;
  readonly delete: Operation<null, boolean>;
}

export function batchedOperations(setup: OperationSetup): BatchedOperations {
  return {
    get: getOperation(setup),
    set: setOperation(setup),
    touch: touchOperation(setup),
    delete: deleteOperation(setup),
  };
}

function getOperation(setup: OperationSetup): BatchedOperations['get'] {
  const { statements } = setup;
  // What a get brings back is not known before, so its size is taken for that of the gets before it.
  let averageBytes = 0;
  // Stores that share a pool must not take each other's markers for their own.
  const markedBy = randomUUID();
  let markers = 0;
  const measured = (value: unknown): Buffer => {
    averageBytes += ((value as Buffer).length - averageBytes) / 16;
    return value as Buffer;
  };
  return {
    ...gatheredReads(setup),
    name: 'get',
    share: (value) => (value === undefined ? undefined : Buffer.from(value)),
    sizeOf: () => averageBytes,
    execute({ lease, calls }, done) {
      if (calls.length === 1) {
        const [{ key }] = calls;
        read(lease, statements.get, [key], done, (result) => [oneValue(key, result, measured)]);
        return;
      }
      markers += 1;
      const marker = `${markedBy}:${markers}`;
      const keys = calls.map((call) => call.key);
      read(lease, statements.getBatch, [textArray(keys), marker], done, (result) =>
        manyValues(keys, marker, result, measured),
      );
    },
  };
}

/** A get always has its row, so an answer without one is not "there is no entry". */
function oneValue(
  key: string,
  result: StatementResult,
  measured: (value: unknown) => Buffer,
): Buffer | undefined {
  const value = onlyRowOf(key, result)[1];
  return value === undefined ? undefined : measured(value);
}

/** The last row has the marker of this batch, so an empty answer is not "there are no entries". */
function manyValues(
  keys: readonly string[],
  marker: string,
  { rows }: StatementResult,
  measured: (value: unknown) => Buffer,
): Array<Buffer | undefined> {
  const last = rows.at(-1);
  if (last === undefined || last[0] !== marker || last[1] !== undefined) {
    throw protocolError('it has not the marker of this batch');
  }
  const found = new Map<unknown, Buffer>();
  for (const row of rows) {
    if (row !== last && row[1] !== undefined) {
      found.set(row[0], measured(row[1]));
    }
  }
  const values = keys.map((key) => found.get(key));
  const hits = values.reduce((sum, value) => sum + Number(value !== undefined), 0);
  if (hits === rows.length - 1) {
    return values;
  }
  return ofRepeatedKeys(keys, found, rows.length - 1);
}

/** A get that is tried again may meet a later one on its key: each call gets a value of its own. */
function ofRepeatedKeys(
  keys: readonly string[],
  found: ReadonlyMap<unknown, Buffer>,
  expected: number,
): Array<Buffer | undefined> {
  const given = new Set<string>();
  const values = keys.map((key) => {
    const value = found.get(key);
    if (value === undefined || given.has(key)) {
      return value && Buffer.from(value);
    }
    given.add(key);
    return value;
  });
  if (given.size !== expected) {
    throw protocolError('it has rows of other keys');
  }
  return values;
}

function setOperation(setup: OperationSetup): BatchedOperations['set'] {
  const { statements, hasOwner } = setup;
  return {
    ...gatheredWrites(setup),
    name: 'set',
    sizeOf: (entry) => entry.value.length,
    execute(batch, done) {
      const { calls } = batch;
      const results = ({ rowCount }: StatementResult): void[] => {
        if (rowCount !== calls.length) {
          throw protocolError(`it counts ${rowCount} rows instead of ${calls.length}`);
        }
        return calls.map(() => undefined);
      };
      if (calls.length === 1) {
        const [{ key, args }] = calls;
        write(batch, statements.set, entryParameters(key, args, hasOwner), done, results);
        return;
      }
      const sorted = calls.map(({ key, args }) => ({ key, entry: args })).toSorted(inKeyOrder);
      write(batch, statements.setBatch, entryArrays(sorted, hasOwner), done, results);
    },
  };
}

function touchOperation(setup: OperationSetup): BatchedOperations['touch'] {
  const { statements } = setup;
  return {
    ...gatheredWrites(setup),
    name: 'touch',
    share: (live) => live,
    execute(batch, done) {
      const { calls } = batch;
      if (calls.length === 1) {
        const [{ key, args }] = calls;
        write(batch, statements.touch, [key, ttlParameter(args)], done, isOneRow);
        return;
      }
      const sorted = calls.toSorted(inKeyOrder);
      const keys = sorted.map((call) => call.key);
      const ttls = float8Array(sorted.map((call) => call.args));
      write(batch, statements.touchBatch, [textArray(keys), ttls], done, (result) => {
        const touched = byKey(keys, result);
        return calls.map((call) => touched.has(call.key));
      });
    },
  };
}

function deleteOperation(setup: OperationSetup): BatchedOperations['delete'] {
  const { statements } = setup;
  return {
    ...gatheredWrites(setup),
    name: 'delete',
    share: () => false,
    execute(batch, done) {
      const { calls } = batch;
      if (calls.length === 1) {
        const [{ key }] = calls;
        write(batch, statements.delete, [key], done, (result) => [
          rowOf(key, result)?.[1] === true,
        ]);
        return;
      }
      const keys = calls.map((call) => call.key);
      write(batch, statements.deleteBatch, [textArray(keys)], done, (result) => {
        const wasLive = byKey(keys, result);
        return keys.map((key) => wasLive.get(key) === true);
      });
    },
  };
}
