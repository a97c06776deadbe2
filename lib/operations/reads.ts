import { randomUUID } from 'node:crypto';
import type { Operation } from '../batching/types.js';
import type { SessionEntry } from '../interfaces/key-value-store.interface.js';
import { protocolError } from '../protocol/protocol-error.js';
import { textArray } from '../sql/array-parameters.js';
import type { Statement, StatementResult } from '../sql/statement.js';
import { gatheredReads, onlyRowOf, read, type OperationSetup } from './shared.js';

/** A row of a live entry: its key, its value, and what else the statement reads. */
type Row = readonly unknown[];

interface Reading<V> {
  readonly name: string;
  /** Always one row: the key, then the columns of the entry or nulls. */
  readonly one: Statement;
  /** The rows of the live entries, then one with the marker `$2` and nulls. */
  readonly batch: Statement;
  readonly resultOf: (row: Row) => V;
  /** For a call that shares the place of another one: what is read belongs to the caller. */
  readonly copy: (result: V) => V;
}

/** The operations that read one live entry. */
export interface ReadOperations {
  readonly get: Operation<null, Buffer | undefined>;
  readonly getEntry: Operation<null, SessionEntry | undefined>;
}

export function readOperations(setup: OperationSetup): ReadOperations {
  const { statements } = setup;
  return {
    get: readOperation(setup, {
      name: 'get',
      one: statements.get,
      batch: statements.getBatch,
      resultOf: valueOf,
      copy: (value) => Buffer.from(value),
    }),
    getEntry: readOperation(setup, {
      name: 'getEntry',
      one: statements.getEntry,
      batch: statements.getEntryBatch,
      resultOf: entryOf,
      copy: (entry) => ({ ...entry, value: Buffer.from(entry.value) }),
    }),
  };
}

export function entryOf(row: Row): SessionEntry {
  const entry: SessionEntry = { value: valueOf(row) };
  if (row[2] !== undefined) {
    entry.expiresIn = row[2] as number;
  }
  if (row[3] !== undefined) {
    entry.owner = row[3] as string;
  }
  return entry;
}

function valueOf(row: Row): Buffer {
  return row[1] as Buffer;
}

/** Makes markers, by which a statement's answer is told from any other one. */
export function markers(): () => string {
  // Stores that share a pool must not take each other's markers for their own.
  const madeBy = randomUUID();
  let count = 0;
  return () => {
    count += 1;
    return `${madeBy}:${count}`;
  };
}

function readOperation<V>(
  setup: OperationSetup,
  { name, one, batch, resultOf, copy }: Reading<V>,
): Operation<null, V | undefined> {
  // What a read brings back is not known before, so its size is taken for that of the reads before it.
  let averageBytes = 0;
  const nextMarker = markers();
  const measured = (row: Row): V => {
    averageBytes += (valueOf(row).length - averageBytes) / 16;
    return resultOf(row);
  };
  return {
    ...gatheredReads(setup),
    name,
    share: (result) => result && copy(result),
    sizeOf: () => averageBytes,
    execute({ lease, calls }, done) {
      if (calls.length === 1) {
        const [{ key }] = calls;
        // It always has its row, so an answer without one is not "there is no entry".
        read(lease, one, [key], done, (result) => {
          const row = onlyRowOf(key, result);
          return [row[1] === undefined ? undefined : measured(row)];
        });
        return;
      }
      const marker = nextMarker();
      const keys = calls.map((call) => call.key);
      read(lease, batch, [textArray(keys), marker], done, (result) => {
        const rows = rowsBefore(marker, result);
        const found = new Map<unknown, V>();
        for (const row of rows) {
          found.set(row[0], measured(row));
        }
        const results = keys.map((key) => found.get(key));
        const hits = results.reduce((sum, each) => sum + Number(each !== undefined), 0);
        return hits === rows.length ? results : ofRepeatedKeys(keys, found, rows.length, copy);
      });
    },
  };
}

/** The last row has the marker of this batch, so an empty answer is not "there are no entries". */
function rowsBefore(marker: string, { rows }: StatementResult): readonly Row[] {
  const last = rows.at(-1);
  if (last === undefined || last[0] !== marker || last[1] !== undefined) {
    throw protocolError('it has not the marker of this batch');
  }
  const entries = rows.slice(0, -1);
  if (entries.some((row) => row[1] === undefined)) {
    throw protocolError('it has rows of no entry');
  }
  return entries;
}

/** A read that is tried again may meet a later one on its key: each call gets a result of its own. */
function ofRepeatedKeys<V>(
  keys: readonly string[],
  found: ReadonlyMap<unknown, V>,
  expected: number,
  copy: (result: V) => V,
): Array<V | undefined> {
  const given = new Set<string>();
  const results = keys.map((key) => {
    const result = found.get(key);
    if (result === undefined || given.has(key)) {
      return result && copy(result);
    }
    given.add(key);
    return result;
  });
  if (given.size !== expected) {
    throw protocolError('it has rows of other keys');
  }
  return results;
}
