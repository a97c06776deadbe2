import { AsyncResource } from 'node:async_hooks';
import type { SubmitOptions } from '../batching/batcher.js';
import type { Operation } from '../batching/types.js';
import type {
  CallOptions,
  DeleteOwnerOptions,
  EntryRange,
  IncrementOptions,
  KeyValueStore,
  SessionEntry,
  SessionValue,
  TtlOptions,
  WriteOptions,
} from '../interfaces/key-value-store.interface.js';
import type { Operations } from '../operations/index.js';
import { ownerUnsupported, type PageRange, type ScannedPage } from '../operations/scans.js';
import type { Entry } from '../operations/shared.js';
import { asError } from '../utils/errors.js';
import {
  checkIncrement,
  checkIterable,
  checkOwner,
  checkTouchTtl,
  checkTtl,
  checkUpdater,
  updatedBytes,
  valueBytes,
} from './arguments.js';
import { checkOptions, ownership, renewal, signalOf } from './call-options.js';
import { KeySpace } from './key-space.js';
import { count, deleteOwner, deletePrefix, scan, type ReadRange } from './range-calls.js';
import type { ReadyStore, StoreAccess } from './store-access.js';

/** The entries of a table under one prefix. The store itself is the view under the empty one. */
export class KeyValueView implements KeyValueStore {
  // Private to the language, so that printing a store shows neither its pool nor its calls.
  readonly #access: StoreAccess;
  readonly #keys: KeySpace;

  /** @internal */
  constructor(access: StoreAccess, prefix: string) {
    this.#access = access;
    this.#keys = new KeySpace(prefix);
  }

  get(key: string, options?: CallOptions): Promise<Buffer | undefined> {
    return attempt(() => {
      checkOptions('get', options);
      return this.#submit((operations) => operations.get, this.#keys.full(key), null, {
        signal: signalOf(options),
      });
    });
  }

  getEntry(key: string, options?: CallOptions): Promise<SessionEntry | undefined> {
    return attempt(() => {
      checkOptions('getEntry', options);
      return this.#submit((operations) => operations.getEntry, this.#keys.full(key), null, {
        signal: signalOf(options),
      });
    });
  }

  set(key: string, value: SessionValue, options?: WriteOptions & CallOptions): Promise<void> {
    return attempt(() => this.#write('set', (operations) => operations.set, key, value, options));
  }

  delete(key: string, options?: CallOptions): Promise<boolean> {
    return attempt(() => {
      checkOptions('delete', options);
      return this.#submit((operations) => operations.delete, this.#keys.full(key), null, {
        signal: signalOf(options),
      });
    });
  }

  deletePrefix(prefix: string, options?: CallOptions): Promise<void> {
    return attempt(() => {
      checkOptions('deletePrefix', options);
      const full = this.#keys.fullPrefix(prefix);
      const signal = signalOf(options);
      return this.#whenStarted((started) => deletePrefix(started, full, signal), signal);
    });
  }

  getMany(keys: Iterable<string>): Promise<Map<string, Buffer>> {
    return attempt(async () => {
      const wanted = [...new Set(checkIterable('keys', keys))];
      const full = wanted.map((key) => this.#keys.full(key));
      const values = await this.#whenStarted(({ calls, operations }) => {
        this.#access.checkRoomFor(full.length);
        return Promise.all(full.map((key) => calls.submit(operations.get, key, null)));
      });
      const found = new Map<string, Buffer>();
      values.forEach((value, n) => {
        if (value !== undefined) {
          found.set(wanted[n], value);
        }
      });
      return found;
    });
  }

  setMany(
    entries: Iterable<readonly [key: string, value: SessionValue]>,
    options?: WriteOptions,
  ): Promise<void> {
    return attempt(() => {
      checkOptions('setMany', options);
      const its = ownership(options, this.#maxTtl);
      const written = this.#keys.fullEntries(entries, its);
      return written.size === 0
        ? Promise.resolve()
        : this.#submit((operations) => operations.setMany, [...written.keys()], written, {
            entryOwner: its.owner ?? undefined,
          });
    });
  }

  deleteMany(keys: Iterable<string>): Promise<number> {
    return attempt(() => {
      const full = this.#keys.fullKeys('keys', keys);
      return full.size === 0
        ? Promise.resolve(0)
        : this.#submit((operations) => operations.deleteMany, [...full], full);
    });
  }

  touch(key: string, ttl: number): Promise<boolean> {
    return attempt(() => {
      return this.#submit(
        (operations) => operations.touch,
        this.#keys.full(key),
        checkTouchTtl(ttl, this.#maxTtl),
      );
    });
  }

  setIfAbsent(key: string, value: SessionValue, options?: WriteOptions): Promise<boolean> {
    return attempt(() => {
      return this.#write(
        'setIfAbsent',
        (operations) => operations.setIfAbsent,
        key,
        value,
        options,
      );
    });
  }

  setIfPresent(
    key: string,
    value: SessionValue,
    options?: WriteOptions & CallOptions,
  ): Promise<boolean> {
    return attempt(() =>
      this.#write('setIfPresent', (operations) => operations.setIfPresent, key, value, options),
    );
  }

  move(from: string, to: string, value: SessionValue, options?: WriteOptions): Promise<boolean> {
    return attempt(() => {
      checkOptions('move', options);
      const entry = this.#entry(value, options);
      const move = { from: this.#keys.full(from), to: this.#keys.full(to), entry };
      const keys = [...new Set([move.from, move.to])];
      return this.#submit((operations) => operations.move, keys, move, {
        entryOwner: entry.owner ?? undefined,
      });
    });
  }

  getAndDelete(key: string): Promise<Buffer | undefined> {
    return attempt(() => {
      return this.#submit((operations) => operations.getAndDelete, this.#keys.full(key), null);
    });
  }

  compareAndSet(
    key: string,
    expected: SessionValue,
    next: SessionValue,
    options?: TtlOptions,
  ): Promise<boolean> {
    return attempt(() => {
      checkOptions('compareAndSet', options);
      return this.#submit((operations) => operations.compareAndSet, this.#keys.full(key), {
        expected: valueBytes(expected, 'expected'),
        next: valueBytes(next, 'next'),
        ...renewal(options, this.#maxTtl),
      });
    });
  }

  update(
    key: string,
    fn: (current: Buffer) => SessionValue | undefined,
    options?: TtlOptions,
  ): Promise<Buffer | undefined> {
    return attempt(() => {
      checkUpdater(fn);
      checkOptions('update', options);
      return this.#submit((operations) => operations.update, this.#keys.full(key), {
        // Its batch is filled and answered in the context of whichever call came first.
        fn: AsyncResource.bind(fn),
        toBytes: updatedBytes,
        ...renewal(options, this.#maxTtl),
      });
    });
  }

  increment(key: string, options?: IncrementOptions): Promise<number> {
    return attempt(() => {
      checkOptions('increment', options);
      return this.#submit((operations) => operations.increment, this.#keys.full(key), {
        by: checkIncrement(options?.by),
        ttl: checkTtl(options?.ttl, this.#maxTtl),
      });
    });
  }

  scan(prefix: string): AsyncIterable<string> {
    return this.#scanKeys({ prefix: this.#keys.fullPrefix(prefix), owner: undefined });
  }

  scanOwner(owner: string): AsyncIterable<string> {
    checkOwner(owner);
    return this.#scanKeys({ prefix: this.#keys.prefix, owner });
  }

  scanEntries(range: EntryRange): AsyncIterable<[key: string, entry: SessionEntry]> {
    return this.#scan(
      this.#keys.fullRange(range),
      (operations) => operations.entriesPage,
      ([key, entry]) => [this.#keys.own(key), entry],
    );
  }

  count(range: EntryRange): Promise<number> {
    return attempt(() => {
      const full = this.#keys.fullRange(range);
      return this.#whenStarted((started) => count(started, full));
    });
  }

  deleteOwner(owner: string, options?: DeleteOwnerOptions): Promise<number> {
    return attempt(() => {
      checkOwner(owner);
      checkOptions('deleteOwner', options);
      const except = this.#keys.fullKeys('except', options?.except ?? []);
      const range = { prefix: this.#keys.prefix, owner, except };
      return this.#whenStarted((started) => deleteOwner(started, range));
    });
  }

  namespace(prefix: string): KeyValueStore {
    return new KeyValueView(this.#access, this.#keys.fullPrefix(prefix));
  }

  #scanKeys(range: ReadRange): AsyncGenerator<string> {
    return this.#scan(
      range,
      (operations) => operations.scanPage,
      (key) => this.#keys.own(key),
    );
  }

  async *#scan<T>(
    range: ReadRange,
    pick: (operations: Operations) => Operation<PageRange, ScannedPage<T>>,
    within: (item: T) => T,
  ): AsyncGenerator<T> {
    const items = await this.#whenStarted((started) => {
      return Promise.resolve(scan(started, pick(started.operations), range));
    });
    for await (const item of items) {
      yield within(item);
    }
  }

  #write<V>(
    method: 'set' | 'setIfAbsent' | 'setIfPresent',
    pick: (operations: Operations) => Operation<Entry, V>,
    key: string,
    value: SessionValue,
    options: (WriteOptions & CallOptions) | undefined,
  ): Promise<V> {
    checkOptions(method, options);
    const entry = this.#entry(value, options);
    return this.#submit(pick, this.#keys.full(key), entry, {
      signal: signalOf(options),
      entryOwner: entry.owner ?? undefined,
    });
  }

  #entry(value: SessionValue, options: WriteOptions | undefined): Entry {
    return { value: valueBytes(value), ...ownership(options, this.#maxTtl) };
  }

  get #maxTtl(): number | undefined {
    return this.#access.maxTtl;
  }

  #submit<A, V>(
    pick: (operations: Operations) => Operation<A, V>,
    target: string | readonly string[],
    args: A,
    options: SubmitOptions = {},
  ): Promise<V> {
    return this.#whenStarted(({ calls, operations, hasOwner }) => {
      if (options.entryOwner !== undefined && !hasOwner) {
        throw ownerUnsupported();
      }
      return calls.submit(pick(operations), target, args, options);
    }, options.signal);
  }

  #whenStarted<T>(work: (store: ReadyStore) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#access.whenStarted(work, signal);
  }
}

/** What is thrown before a call is made rejects it; no second promise stands in the way of one that is. */
function attempt<T>(make: () => Promise<T>): Promise<T> {
  try {
    return make();
  } catch (error) {
    return Promise.reject(asError(error));
  }
}
