import type { BatchToRun, Operation, TransactionQuery } from '../batching/types.js';
import { textArray } from '../sql/array-parameters.js';
import type { StatementResult, Step } from '../sql/statement.js';
import { promised } from '../utils/promised.js';
import { findLeftOut, leftOut } from './left-out.js';
import {
  entryParameters,
  inKeyOrder,
  isOneRow,
  keysAmong,
  rowOf,
  setTogether,
  settleWith,
  singleWrites,
  write,
  type BatchLimits,
  type Entry,
  type KeyedEntry,
  type OperationSetup,
} from './shared.js';

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly entry: Entry;
}

/** The operations that change many keys in one transaction. */
export interface MultiKeyOperations {
  readonly setMany: Operation<ReadonlyMap<string, Entry>, void>;
  readonly deleteMany: Operation<ReadonlySet<string>, number>;
  /** Must not run twice: the second run would find nothing to move. */
  readonly move: Operation<Move, boolean>;
}

/** One statement of the transaction: its parameters, and how many rows it counts for. */
interface Chunk extends Step {
  readonly count: (result: StatementResult, query: TransactionQuery) => number | Promise<number>;
}

export function multiKeyOperations(setup: OperationSetup): MultiKeyOperations {
  const { statements, limits, hasOwner, retryWrites } = setup;
  const transaction = singleWrites(setup, retryWrites);
  return {
    setMany: {
      ...transaction,
      name: 'setMany',
      execute(batch, done) {
        const entries = [...batch.calls[0].args]
          .map(([key, entry]) => ({ key, entry }))
          .toSorted(inKeyOrder);
        const chunks = chunksOf(entries, limits, ({ entry }) => entry.value.length);
        const work = inOneTransaction(
          batch,
          chunks.map((chunk) => setChunk(setup, chunk)),
        );
        settleWith(
          work.then(() => undefined),
          done,
        );
      },
    },
    deleteMany: {
      ...transaction,
      name: 'deleteMany',
      execute(batch, done) {
        const chunks = chunksOf([...batch.calls[0].args].toSorted(), limits, () => 0);
        const work = inOneTransaction(
          batch,
          chunks.map((chunk) => deleteChunk(setup, chunk)),
        );
        settleWith(work, done);
      },
    },
    move: {
      ...singleWrites(setup, false),
      name: 'move',
      execute(batch, done) {
        const [{ args }] = batch.calls;
        const { from, to, entry } = args;
        // No statement deletes a row and inserts another one under the same key.
        if (from === to || limits.maxRows === 1 || statements.move === undefined) {
          settleWith(moveInSteps(batch, setup, args), done);
          return;
        }
        const values = [...entryParameters(to, entry, hasOwner), from];
        write(batch, statements.move, values, done, (result) => [rowOf(to, result) !== undefined]);
      },
    },
  };
}

function moveInSteps(
  { lease, lockWait }: Pick<BatchToRun<Move, boolean>, 'lease' | 'lockWait'>,
  { statements, hasOwner }: OperationSetup,
  { from, to, entry }: Move,
): Promise<boolean> {
  return lease.transaction(lockWait, async (query) => {
    const gone = await query(statements.delete, [from]);
    if (rowOf(from, gone) === undefined) {
      return false;
    }
    const written = await query(statements.set, entryParameters(to, entry, hasOwner));
    return isOneRow(written)[0];
  });
}

function setChunk(setup: OperationSetup, entries: readonly KeyedEntry[]): Chunk {
  const { statements, limits, hasOwner } = setup;
  const [{ key, entry }] = entries;
  return {
    ...(limits.maxRows === 1
      ? { statement: statements.set, values: entryParameters(key, entry, hasOwner) }
      : setTogether(setup, entries)),
    count: async ({ rowCount }, query) => {
      if (rowCount !== entries.length) {
        await findLeftOut(query, statements, entries);
        throw leftOut();
      }
      return rowCount;
    },
  };
}

function deleteChunk({ statements, limits }: OperationSetup, keys: readonly string[]): Chunk {
  if (limits.maxRows === 1) {
    const [key] = keys;
    return {
      statement: statements.delete,
      values: [key],
      count: (result) => Number(rowOf(key, result) !== undefined),
    };
  }
  return {
    statement: statements.deleteBatch,
    values: [textArray(keys)],
    count: (result) => keysAmong(keys, result).size,
  };
}

/** A single statement is a transaction by itself. */
function inOneTransaction<A, V>(
  { lease, lockWait }: BatchToRun<A, V>,
  chunks: readonly Chunk[],
): Promise<number> {
  return chunks.length === 1
    ? runAll(chunks, (statement, values) =>
        promised((done) => lease.write(statement, values, lockWait, done)),
      )
    : lease.transaction(lockWait, (query) => runAll(chunks, query));
}

async function runAll(chunks: readonly Chunk[], query: TransactionQuery): Promise<number> {
  let sum = 0;
  for (const { statement, values, count } of chunks) {
    sum += await count(await query(statement, values), query);
  }
  return sum;
}

function chunksOf<T>(
  items: readonly T[],
  { maxRows, maxBytes }: BatchLimits,
  sizeOf: (item: T) => number,
): T[][] {
  const chunks: T[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    bytes += sizeOf(item);
    const chunk = chunks.at(-1);
    if (chunk === undefined || chunk.length >= maxRows || bytes > maxBytes) {
      chunks.push([item]);
      bytes = sizeOf(item);
    } else {
      chunk.push(item);
    }
  }
  return chunks;
}
