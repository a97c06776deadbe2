import type { BatchCallback, Lease, Operation, Refusal } from '../batching/types.js';
import { float8Array, textArray } from '../sql/array-parameters.js';
import type { Statement, StatementResult, Step } from '../sql/statement.js';
import { refuseLeftOut } from './left-out.js';
import { readOperations, type ReadOperations } from './reads.js';
import {
  entryArrays,
  entryParameters,
  gatheredWrites,
  inKeyOrder,
  isOneRow,
  keysAmong,
  rowOf,
  setTogether,
  ttlParameter,
  write,
  type Entry,
  type KeyedEntry,
  type OperationSetup,
} from './shared.js';

/** The operations whose calls share batches: many keys in one statement, or `id = $1` for a call alone. */
export interface BatchedOperations extends ReadOperations {
  readonly set: Operation<Entry, void>;
  readonly setIfPresent: Operation<Entry, boolean>;
  readonly touch: Operation<number | null, boolean>;
  readonly delete: Operation<null, boolean>;
}

export function batchedOperations(setup: OperationSetup): BatchedOperations {
  const { statements } = setup;
  return {
    ...readOperations(setup),
    set: entryWrite(setup, {
      name: 'set',
      one: statements.set,
      many: (entries) => setTogether(setup, entries),
      resultsOf: allWritten,
      explain: (lease, written) => refuseLeftOut(lease, statements, written),
    }),
    setIfPresent: entryWrite(setup, {
      name: 'setIfPresent',
      one: statements.setIfPresent,
      many: (entries) => ({
        statement: statements.setIfPresentBatch,
        values: entryArrays(entries, setup.hasOwner),
      }),
      resultsOf: whichOf,
    }),
    touch: touchOperation(setup),
    delete: deleteOperation(setup),
  };
}

interface EntryWriting<V> {
  readonly name: string;
  readonly one: Statement;
  readonly many: (entries: readonly KeyedEntry[]) => Step;
  /** `undefined` if the count of the answer does not fit. */
  readonly resultsOf: (keys: readonly string[], result: StatementResult) => V[] | undefined;
  /** What is said then of each entry. */
  readonly explain?: (
    lease: Lease,
    written: readonly KeyedEntry[],
  ) => Promise<ReadonlyArray<V | Refusal>>;
}

/** Calls on one key do not share a place: a value may be refused, and what the next one keeps may be of the last. */
function entryWrite<V>(
  setup: OperationSetup,
  { name, one, many, resultsOf, explain }: EntryWriting<V>,
): Operation<Entry, V> {
  const { hasOwner } = setup;
  return {
    ...gatheredWrites(setup),
    name,
    sizeOf: (entry) => entry.value.length,
    execute(batch, done) {
      const written = batch.calls.map(({ key, args }) => ({ key, entry: args }));
      const keys = written.map(({ key }) => key);
      const results = (result: StatementResult): V[] | undefined => resultsOf(keys, result);
      const finish: BatchCallback<V> = (error, made) => {
        if (error === undefined && made === undefined && explain !== undefined) {
          explain(batch.lease, written).then((explained) => done(undefined, explained), done);
        } else {
          done(error, made);
        }
      };
      if (written.length === 1) {
        const [{ key, entry }] = written;
        write(batch, one, entryParameters(key, entry, hasOwner), finish, results);
        return;
      }
      const { statement, values } = many(written.toSorted(inKeyOrder));
      write(batch, statement, values, finish, results);
    },
  };
}

function allWritten(keys: readonly string[], { rowCount }: StatementResult): void[] | undefined {
  return rowCount === keys.length ? keys.map(() => undefined) : undefined;
}

/** Of each key, whether the answer has a row of it. */
function whichOf(keys: readonly string[], result: StatementResult): boolean[] {
  const found = keysAmong(keys, result);
  return keys.map((key) => found.has(key));
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
      const ttls = sorted.map((call) => call.args);
      const isOneTtl = ttls.every((ttl) => ttl === ttls[0]);
      const [statement, times] = isOneTtl
        ? [statements.touchBatch, ttlParameter(ttls[0])]
        : [statements.touchEach, float8Array(ttls)];
      const values = [textArray(sorted.map((call) => call.key)), times];
      write(batch, statement, values, done, (result) =>
        whichOf(
          calls.map((call) => call.key),
          result,
        ),
      );
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
          rowOf(key, result) !== undefined,
        ]);
        return;
      }
      const keys = calls.map((call) => call.key);
      write(batch, statements.deleteBatch, [textArray(keys)], done, (result) =>
        whichOf(keys, result),
      );
    },
  };
}
