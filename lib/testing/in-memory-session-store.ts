import { checkNames } from '../adapters/given.js';
import { nameType } from '../store/arguments.js';
import { KeySpace } from '../store/key-space.js';
import { CallQueue, type StoreMethod } from './call-queue.js';
import { InMemoryCalls } from './in-memory-calls.js';
import { InMemoryEntries } from './in-memory-entries.js';
import { InMemoryView } from './in-memory.view.js';
import { checkCount } from './test-options.js';

/** As `batching.maxQueue` of the module. */
const MAX_QUEUE = 100_000;

/** The methods that read or write entries. */
const METHODS: readonly string[] = Object.getOwnPropertyNames(InMemoryView.prototype).filter(
  (name) => name !== 'constructor' && name !== 'namespace',
);

export interface InMemorySessionStoreOptions {
  /** The clock, in milliseconds. Default: one that runs evenly and that nobody can set, as the database's. */
  now?: () => number;
  /** Calls that may be pending; beyond it a call rejects with `ERR_OVERLOADED`. Default: 100,000. */
  maxQueue?: number;
}

export interface FailNextOptions {
  /** The method whose calls fail. Default: any. */
  method?: StoreMethod;
  /** How many calls fail. Default: 1. */
  times?: number;
}

/**
 * The contract of `KeyValueStore` without a database, for tests: the same argument checks, order and errors.
 *
 * @example
 * const store = new InMemorySessionStore();
 * await store.set('a', 'x', { ttl: 60_000 });
 * store.advance(60_000);
 * await store.get('a'); // undefined
 *
 * @publicApi
 */
export class InMemorySessionStore extends InMemoryView {
  readonly #entries: InMemoryEntries;
  readonly #queue: CallQueue;
  readonly #clock: { ahead: number };

  constructor(options: InMemorySessionStoreOptions = {}) {
    checkNames('InMemorySessionStore', options, ['now', 'maxQueue']);
    const { now = () => performance.now(), maxQueue = MAX_QUEUE } = options;
    if (typeof now !== 'function') {
      throw new TypeError(`now must be a function, not ${nameType(now)}`);
    }
    checkCount('maxQueue', maxQueue);
    const clock = { ahead: 0 };
    const entries = new InMemoryEntries(() => now() + clock.ahead);
    const queue = new CallQueue(maxQueue);
    super(new InMemoryCalls({ entries, queue }, new KeySpace('')));
    this.#entries = entries;
    this.#queue = queue;
    this.#clock = clock;
  }

  /** Moves the clock of the store forward. */
  advance(ms: number): void {
    if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) {
      throw new RangeError('ms must be a finite number of milliseconds, 0 or more');
    }
    this.#clock.ahead += ms;
  }

  /** Forgets every entry, and every failure that is still to come. */
  clear(): void {
    this.#entries.clear();
    this.#queue.forgetFailures();
  }

  /**
   * Makes the next call that is made reject with `error`, without effect.
   *
   * @example
   * store.failNext(new PostgresSessionError('ERR_CONNECTION', 'no answer'), { method: 'get', times: 3 });
   */
  failNext(error: Error, options: FailNextOptions = {}): void {
    checkNames('failNext', options, ['method', 'times']);
    const { method, times = 1 } = options;
    if (method !== undefined && !METHODS.includes(method)) {
      throw new TypeError(`method must be one of ${METHODS.join(', ')}`);
    }
    checkCount('times', times);
    this.#queue.failNext(error, times, method);
  }

  /**
   * Keeps calls waiting, as a database that does not answer does.
   *
   * @returns what lets them go, in the order in which they were made.
   */
  hold(): () => void {
    return this.#queue.hold();
  }

  /** Deletes the entries that have expired, which no call sees any more. Returns how many there were. */
  sweep(): number {
    return this.#entries.deleteExpired();
  }

  /** Refuses new calls with `ERR_STORE_CLOSED`. Calls made before end, or are cut off if they are held. Idempotent. */
  close(): Promise<void> {
    return this.#queue.close();
  }
}
