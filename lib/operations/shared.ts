import type { BatchCallback, Lease, Operation, Refusal } from '../batching/types.js';
import { protocolError } from '../protocol/protocol-error.js';
import { float8Array, byteaArray, textArray } from '../sql/array-parameters.js';
import type { Parameter, Statement, StatementResult, Step } from '../sql/statement.js';
import type { Statements } from '../sql/statements.js';

/** An entry to be written. */
export interface Entry {
  readonly value: Buffer;
  /** Milliseconds, or null for no expiry. */
  readonly ttl: number | null;
  readonly owner: string | null;
}

/** An entry with its key. */
export interface KeyedEntry {
  readonly key: string;
  readonly entry: Entry;
}

/** How much a batch carries, and how many batches are in flight. */
export interface BatchLimits {
  /** Batches of an operation whose calls share batches. */
  readonly concurrency: number;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Batches of an operation whose calls travel alone. */
  readonly singleConcurrency: number;
}

/** What every operation is made from. */
export interface OperationSetup {
  readonly statements: Statements;
  readonly limits: BatchLimits;
  readonly hasOwner: boolean;
  /** Whether the database sorts keys as they sort here. */
  readonly sortsAsUtf8: boolean;
  /** Whether writes that may run twice are tried again when their outcome is unknown. */
  readonly retryWrites: boolean;
}

type Traits = Omit<Operation<unknown, unknown>, 'name' | 'share' | 'execute'>;

/** Reads whose calls share batches. */
export function gatheredReads({ limits }: OperationSetup): Traits {
  const { concurrency, maxRows, maxBytes } = limits;
  return {
    writes: false,
    pipelined: true,
    concurrency,
    maxRows,
    maxBytes,
    repeatable: true,
    sizeOf: noSize,
  };
}

/** Writes whose calls share batches, and may run twice. */
export function gatheredWrites({ limits, retryWrites }: OperationSetup): Traits {
  const { concurrency, maxRows, maxBytes } = limits;
  return {
    writes: true,
    pipelined: false,
    concurrency,
    maxRows,
    maxBytes,
    repeatable: retryWrites,
    sizeOf: noSize,
  };
}

/** Writes that travel alone. */
export function singleWrites({ limits }: OperationSetup, repeatable: boolean): Traits {
  return {
    writes: true,
    pipelined: false,
    concurrency: limits.singleConcurrency,
    maxRows: 1,
    maxBytes: Infinity,
    repeatable,
    sizeOf: noSize,
  };
}

function noSize(): number {
  return 0;
}

/** Runs a statement that reads, and makes the results of its calls from what it returns. */
export function read<V>(
  lease: Lease,
  statement: Statement,
  values: readonly Parameter[],
  done: BatchCallback<V>,
  results: (result: StatementResult) => Parameters<BatchCallback<V>>[1],
): void {
  lease.read(statement, values, answer(done, results));
}

/** The same for a statement that writes. */
export function write<V>(
  { lease, lockWait }: { readonly lease: Lease; readonly lockWait: number },
  statement: Statement,
  values: readonly Parameter[],
  done: BatchCallback<V>,
  results: (result: StatementResult) => Parameters<BatchCallback<V>>[1],
): void {
  lease.write(statement, values, lockWait, answer(done, results));
}

function answer<V>(
  done: BatchCallback<V>,
  results: (result: StatementResult) => Parameters<BatchCallback<V>>[1],
) {
  return (error: unknown, result?: StatementResult): void => {
    if (result === undefined) {
      done(error);
      return;
    }
    let made: Parameters<BatchCallback<V>>[1];
    try {
      made = results(result);
    } catch (fault) {
      done(fault);
      return;
    }
    done(undefined, made);
  };
}

/** An operation with asynchronous steps. */
export function settleWith<V>(work: Promise<V | Refusal>, done: BatchCallback<V>): void {
  work.then((result) => done(undefined, [result]), done);
}

/** The row of a statement about one key that always has one. */
export function onlyRowOf(key: string, result: StatementResult): readonly unknown[] {
  const row = rowOf(key, result);
  if (row === undefined) {
    throw protocolError('it has no row');
  }
  return row;
}

/** The one row that a statement about one key returns at most; its first column is that key. */
export function rowOf(key: string, { rows }: StatementResult): readonly unknown[] | undefined {
  if (rows.length > 1 || (rows.length === 1 && rows[0][0] !== key)) {
    throw protocolError('it has rows of other keys');
  }
  return rows.length === 0 ? undefined : rows[0];
}

/** Whether the one row that is looked for was changed. */
export function isOneRow({ rowCount }: StatementResult): boolean[] {
  if (!(rowCount <= 1)) {
    throw protocolError(`it counts ${rowCount} rows`);
  }
  return [rowCount === 1];
}

/** The keys that a statement returned, each one of those that were asked for. */
export function keysAmong(
  keys: readonly string[],
  { rows }: StatementResult,
): ReadonlySet<unknown> {
  const found = new Set(rows.map(([key]) => key));
  if (found.size > 0 && keys.reduce((hits, key) => hits + Number(found.has(key)), 0) < found.size) {
    throw protocolError('it has rows of other keys');
  }
  return found;
}

/** The parameters of `set` and of statements like it. */
export function entryParameters(key: string, entry: Entry, hasOwner: boolean): Parameter[] {
  const parameters = [key, entry.value, ttlParameter(entry.ttl)];
  return hasOwner ? [...parameters, entry.owner] : parameters;
}

export function ttlParameter(ttl: number | null): string | null {
  return ttl === null ? null : String(ttl);
}

/** One statement that sets many entries. Rows are locked in their order, so they must be sorted. */
export function setTogether(
  { statements: { setBatch, setRows }, hasOwner }: OperationSetup,
  sorted: readonly KeyedEntry[],
): Step {
  return setRows === undefined
    ? { statement: setBatch, values: entryArrays(sorted, hasOwner) }
    : {
        statement: setRows(sorted.length),
        values: sorted.flatMap(({ key, entry }) => entryParameters(key, entry, hasOwner)),
      };
}

/** The parameters of statements that take entries as arrays. */
export function entryArrays(sorted: readonly KeyedEntry[], hasOwner: boolean): Buffer[] {
  const arrays = [
    textArray(sorted.map(({ key }) => key)),
    byteaArray(sorted.map(({ entry }) => entry.value)),
    float8Array(sorted.map(({ entry }) => entry.ttl)),
  ];
  return hasOwner ? [...arrays, textArray(sorted.map(({ entry }) => entry.owner))] : arrays;
}

/** One order of keys for all stores, so that statements that lock many rows do not deadlock. */
export function inKeyOrder(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : Number(a.key > b.key);
}
