import type { Batcher } from '../batching/batcher.js';
import type { Operations } from '../operations/index.js';

/** Makes the calls of a view, each with the operation that it is of. */
export type CallMaker = Pick<Batcher, 'submit' | 'openRange' | 'finishRange' | 'isBusy'>;

/** What a call needs of a started store. */
export interface ReadyStore {
  readonly calls: CallMaker;
  readonly operations: Operations;
  readonly hasOwner: boolean;
  /** Whether the empty prefix may truncate the table, which locks it until the transaction ends. */
  readonly mayTruncate: boolean;
}

/** The store as its views see it. */
export interface StoreAccess {
  /** Milliseconds to which every expiry is cut. */
  readonly maxTtl: number | undefined;
  /** Does work that needs the store, and starts it if need be. Calls go in the order they were made. */
  whenStarted<T>(work: (store: ReadyStore) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Throws if the store shall only read. */
  checkMayWrite(): void;
  /** Throws if that many more calls would be more than may wait. */
  checkRoomFor(count: number): void;
}
