import type { Connection } from '../connection/connection.js';
import { textArray } from '../sql/array-parameters.js';
import type { Statements } from '../sql/statements.js';
import { byKey, entryArrays, entryParameters, type Entry, type Kind } from './batched-calls.js';
import type { CallLimits } from './limits.js';

interface KeyedEntry {
  readonly key: string;
  readonly entry: Entry;
}

/** The calls that change many keys in one transaction. */
export interface ManyCalls {
  readonly setMany: Kind<ReadonlyMap<string, Entry>, void>;
  readonly deleteMany: Kind<ReadonlySet<string>, number>;
}

export function manyCalls(
  statements: Statements,
  limits: CallLimits,
  hasOwner: boolean,
): ManyCalls {
  const transaction = {
    lanes: limits.singleLanes,
    pipelined: false,
    maxRows: 1,
    maxWeight: Infinity,
    repeatable: true,
    writes: true,
    weigh: () => 0,
  };
  const setChunk = async (
    connection: Connection,
    chunk: readonly KeyedEntry[],
  ): Promise<number> => {
    const [{ key, entry }] = chunk;
    const { rowCount } =
      limits.maxRows === 1
        ? await connection.query(statements.set, entryParameters(key, entry, hasOwner))
        : await connection.query(statements.setBatch, entryArrays(chunk, hasOwner));
    return rowCount;
  };
  const deleteChunk = async (connection: Connection, chunk: readonly string[]): Promise<number> => {
    const { rows } =
      limits.maxRows === 1
        ? await connection.query(statements.delete, [chunk[0]])
        : await connection.query(statements.deleteBatch, [textArray(chunk)]);
    return rows.filter((row) => row.at(-1) === true).length;
  };
  return {
    setMany: {
      ...transaction,
      execute(connection, [{ args }], done) {
        const entries = [...args].map(([key, entry]) => ({ key, entry })).toSorted(byKey);
        const chunks = chunksOf(entries, limits, ({ entry }) => entry.value.length);
        inOneTransaction(connection, chunks, setChunk).then(
          () => done(undefined, [undefined]),
          done,
        );
      },
    },
    deleteMany: {
      ...transaction,
      execute(connection, [{ args }], done) {
        const chunks = chunksOf([...args].toSorted(), limits, () => 0);
        inOneTransaction(connection, chunks, deleteChunk).then(
          (count) => done(undefined, [count]),
          done,
        );
      },
    },
  };
}

/** A single statement is a transaction by itself. */
async function inOneTransaction<T>(
  connection: Connection,
  chunks: ReadonlyArray<readonly T[]>,
  runChunk: (connection: Connection, chunk: readonly T[]) => Promise<number>,
): Promise<number> {
  if (chunks.length === 1) {
    return runChunk(connection, chunks[0]);
  }
  return connection.transaction(async () => {
    let sum = 0;
    for (const chunk of chunks) {
      sum += await runChunk(connection, chunk);
    }
    return sum;
  });
}

function chunksOf<T>(
  items: readonly T[],
  { maxRows, maxBytes }: CallLimits,
  weigh: (item: T) => number,
): T[][] {
  const chunks: T[][] = [];
  let weight = Infinity;
  for (const item of items) {
    weight += weigh(item);
    const chunk = chunks.at(-1);
    if (chunk === undefined || chunk.length >= maxRows || weight > maxBytes) {
      chunks.push([item]);
      weight = weigh(item);
    } else {
      chunk.push(item);
    }
  }
  return chunks;
}
