import type { Parameter, Statement, StatementResult } from '../sql/statement.js';
import type { AnyCall, Call } from './call.js';

export type StatementCallback = (error: unknown, result?: StatementResult) => void;

/** A connection, taken for one batch and then given back. */
export interface Lease {
  /** Whether another batch may be sent on it before the one in flight is answered. */
  readonly joinable: boolean;
  /** Whether the server itself is at the other end, and no pooler. */
  readonly isDirect: boolean;
  /** Milliseconds that it had rested before it was taken; 0 if it is new. */
  readonly restedFor: number;
  /** How many bytes have arrived on it so far. */
  readonly bytesRead: number;
  /** Keeps it for one more batch. Each batch releases it for itself. */
  retain(): void;
  /** Gives it back. */
  release(): void;
  /** Throws it away; nothing runs on it any more. */
  discard(): void;
  /**
   * Throws it away, with a statement of it perhaps still running. Resolves once that statement can no
   * longer take effect; never rejects.
   */
  abandon(writes: boolean): Promise<void>;
  /** Runs a statement that changes nothing. */
  read(statement: Statement, values: readonly Parameter[], done: StatementCallback): void;
  /** Runs a statement that waits for locks at most so many milliseconds. */
  write(
    statement: Statement,
    values: readonly Parameter[],
    lockWait: number,
    done: StatementCallback,
  ): void;
  /** Runs statements in one transaction. One that fails is rolled back. */
  transaction<T>(lockWait: number, body: (query: TransactionQuery) => Promise<T>): Promise<T>;
}

export type TransactionQuery = (
  statement: Statement,
  values: readonly Parameter[],
) => Promise<StatementResult>;

export interface LeaseSource {
  /** How many connections may be in use at once. */
  readonly capacity: number;
  /** Calls back later; before it returns only if there is no connection to be had. */
  acquire(done: (error: unknown, lease?: Lease) => void): void;
  /** The connections made so far are not to be trusted. */
  renew(): void;
}

/** What calls of one sort have in common. Calls of one operation may share a batch. */
export interface Operation<A, V> {
  readonly name: string;
  /**
   * Whether it changes entries. A later call on the same key must wait until an abandoned change can no
   * longer take effect.
   */
  readonly writes: boolean;
  /** Whether a batch may be sent behind another one on the same connection. */
  readonly pipelined: boolean;
  /** Batches in flight at once. */
  readonly concurrency: number;
  /** Calls that one batch carries. */
  readonly maxRows: number;
  /** Bytes that one batch carries; a heavier call travels alone. */
  readonly maxBytes: number;
  /** Whether it may run twice, so that it is tried again when its outcome is unknown. */
  readonly repeatable: boolean;
  /**
   * Set where calls on one key that wait together share one place in a batch: the result of the n-th of
   * them, given that of the first. The arguments of the last are sent.
   */
  readonly share?: (result: V, n: number) => V;
  /** Bytes of a call's arguments, or of what its result is expected to be. */
  sizeOf(args: A): number;
  /** Runs the calls of a batch; `done` gets one result a call, in their order. Must not throw. */
  execute(batch: BatchToRun<A, V>, done: BatchCallback<V>): void;
}

export interface BatchToRun<A, V> {
  readonly lease: Lease;
  readonly calls: ReadonlyArray<Call<A, V>>;
  /** Milliseconds that it may wait for locks. */
  readonly lockWait: number;
}

export type AnyOperation = Operation<never, never>;

export type BatchCallback<V> = (error: unknown, results?: ReadonlyArray<V | Refusal>) => void;

/** In the place of a result: this call alone is refused, for a reason of its own. */
export class Refusal {
  constructor(readonly error: unknown) {}
}

/** A batch in flight: its calls, each with those that share its place. A read that is tried again may repeat a key. */
export interface Batch {
  readonly operation: AnyOperation;
  readonly lease: Lease;
  readonly leaders: readonly AnyCall[];
  /** When it was sent, by the clock of the pending calls. */
  readonly sentAt: number;
  /** Whether it waits for locks that others were found to hold. */
  readonly waitsForLocks: boolean;
  /** Whether it no longer counts against the concurrency of its operation. */
  slow: boolean;
  /** Milliseconds after which silence means that its connection may have been forgotten by a router. */
  readonly patience: number;
  /** Whether that was found. */
  forgotten: boolean;
  /** How many bytes had arrived on its connection when it was last looked at, and when they had. */
  bytesSeen: number;
  bytesSeenAt: number;
}

/** What is to be done about a failed batch. */
export interface FailureAction {
  /** Whether the connection is of no more use. */
  readonly discard: boolean;
  /** Whether one of several calls may be at fault, so that each is to be tried by itself. */
  readonly split: boolean;
  /** Whether its calls are to be tried again, a little later. */
  readonly retry: boolean;
  /** Whether its statement may still be running, or have taken effect. */
  readonly mayStillRun: boolean;
  /** Whether somebody else holds a lock that it waited for. */
  readonly locked: boolean;
  /** What the calls reject with where they are not tried again. */
  readonly error: Error;
}

/** What the batcher has to be told about errors, since it knows neither the server nor the driver. */
export interface FailurePolicy {
  /** A batch failed after it was sent. */
  onBatchError(error: unknown, repeatable: boolean, lease: Lease): FailureAction;
  /** No connection was to be had, so nothing was sent. */
  onAcquireError(error: unknown): FailureAction;
  /** A batch was not answered in its time. */
  unanswered(): Error;
  /** @param cause the last failure after which the call was tried again. */
  timedOut(cause: unknown): Error;
  /** A write was made where there are to be none. */
  readOnly(): Error;
  overloaded(): Error;
  closed(): Error;
}
