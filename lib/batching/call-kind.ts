import type { Call } from './call.js';

/** What a statement runs on, a connection for instance: taken for one statement, then given back. */
export interface Resource {
  /** Whether one more statement may be sent on it before the one under way is answered. */
  readonly joinable: boolean;
  /** Keeps it for one more statement. Each statement releases it for itself. */
  retain(): void;
  /** Gives it back, or throws it away where it is broken. */
  release(broken: boolean): void;
  /**
   * Throws it away with a statement perhaps still under way. Resolves once that statement can no longer
   * take effect; never rejects.
   */
  abandon(): Promise<void>;
}

export interface ResourceSource<R extends Resource> {
  /** How many statements may be under way at once in all. */
  readonly capacity: number;
  acquire(done: (error: unknown, resource?: R) => void): void;
}

/** Calls that travel alike. Those of one kind may share a statement. */
export interface CallKind<R extends Resource, A, V> {
  /** Statements of this kind under way at once. */
  readonly lanes: number;
  /** Whether its statements may share a resource, each sent before the one in front of it is answered. */
  readonly pipelined: boolean;
  /** Calls that one statement carries. */
  readonly maxRows: number;
  /**
   * Whether it changes entries. A later call on the same key must wait until an abandoned change can no
   * longer take effect.
   */
  readonly writes: boolean;
  /** Weight that one statement carries; a heavier call travels alone. */
  readonly maxWeight: number;
  /** Whether running it twice does no harm, so that it may be tried again when its outcome is unknown. */
  readonly repeatable: boolean;
  /**
   * Set where several calls on one key may share a place: the result of the n-th of them, given that of
   * the first. The place is sent with the arguments of the last.
   */
  readonly share?: (result: V, n: number) => V;
  weigh(args: A): number;
  /** Runs the calls; `done` gets one result a call, in their order. Must not throw. */
  execute(resource: R, calls: ReadonlyArray<Call<R, A, V>>, done: Done<V>): void;
}

export type AnyKind<R extends Resource> = CallKind<R, never, never>;

export type Done<V> = (error: unknown, results?: ReadonlyArray<V | Refusal>) => void;

/** In the place of a result: this call alone is refused, for a reason of its own. */
export class Refusal {
  constructor(readonly error: unknown) {}
}

/** What is to be done about a failed statement. */
export interface Verdict {
  /** Whether the resource is of no more use. */
  readonly broken: boolean;
  /** Whether one of several calls may be at fault, so that each is to be tried by itself. */
  readonly split: boolean;
  /** Whether a call is to be tried again, a little later. */
  readonly retry: boolean;
  /** What the calls reject with where they are not tried again. */
  readonly error: Error;
}

/** What the dispatcher has to be told about errors, since it knows neither SQL nor the driver. */
export interface FailurePolicy<R extends Resource> {
  /** A statement failed after it was sent. */
  judge(error: unknown, repeatable: boolean, resource: R): Verdict;
  /** No resource was to be had, so nothing was sent. */
  judgeAcquire(error: unknown): Verdict;
  timedOut(cause: unknown): Error;
  overloaded(): Error;
  closed(): Error;
}
