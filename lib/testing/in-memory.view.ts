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
import {
  checkIncrement,
  checkIterable,
  checkOwner,
  checkTouchTtl,
  checkTtl,
  checkUpdater,
  updatedBytes,
  valueBytes,
} from '../store/arguments.js';
import { checkOptions, ownership, renewal, signalOf } from '../store/call-options.js';
import { InMemoryCalls } from './in-memory-calls.js';
import type { InMemoryEntries } from './in-memory-entries.js';

/** The entries of a store under one prefix, with the argument checks of the store in PostgreSQL. */
export class InMemoryView implements KeyValueStore {
  // Private to the language, so that printing a store shows nothing of what is in it.
  readonly #calls: InMemoryCalls;

  /** @internal */
  constructor(calls: InMemoryCalls) {
    this.#calls = calls;
  }

  get(key: string, options?: CallOptions): Promise<Buffer | undefined> {
    return this.#calls.onKey('get', key, options, (entries, full) => entries.get(full));
  }

  getEntry(key: string, options?: CallOptions): Promise<SessionEntry | undefined> {
    return this.#calls.onKey('getEntry', key, options, (entries, full) => entries.getEntry(full));
  }

  set(key: string, value: SessionValue, options?: WriteOptions & CallOptions): Promise<void> {
    return this.#calls.write('set', key, value, options, (entries, full, written) =>
      entries.set(full, written),
    );
  }

  setIfPresent(
    key: string,
    value: SessionValue,
    options?: WriteOptions & CallOptions,
  ): Promise<boolean> {
    return this.#calls.write('setIfPresent', key, value, options, (entries, full, written) =>
      entries.setIfPresent(full, written),
    );
  }

  setIfAbsent(key: string, value: SessionValue, options?: WriteOptions): Promise<boolean> {
    return this.#calls.write('setIfAbsent', key, value, options, (entries, full, written) =>
      entries.setIfAbsent(full, written),
    );
  }

  delete(key: string, options?: CallOptions): Promise<boolean> {
    return this.#calls.onKey('delete', key, options, (entries, full) => entries.delete(full));
  }

  async deletePrefix(prefix: string, options?: CallOptions): Promise<void> {
    checkOptions('deletePrefix', options);
    const full = this.#calls.keys.fullPrefix(prefix);
    const signal = signalOf(options);
    return this.#calls.make('deletePrefix', (entries) => entries.deletePrefix(full), { signal });
  }

  async getMany(keys: Iterable<string>): Promise<Map<string, Buffer>> {
    const wanted = [...new Set(checkIterable('keys', keys))];
    const full = wanted.map((key) => [key, this.#calls.keys.full(key)] as const);
    const read = (entries: InMemoryEntries): Map<string, Buffer> => {
      const found = new Map<string, Buffer>();
      for (const [key, stored] of full) {
        const value = entries.get(stored);
        if (value !== undefined) {
          found.set(key, value);
        }
      }
      return found;
    };
    return this.#calls.make('getMany', read, { size: wanted.length });
  }

  async setMany(
    entries: Iterable<readonly [key: string, value: SessionValue]>,
    options?: WriteOptions,
  ): Promise<void> {
    checkOptions('setMany', options);
    const written = this.#calls.keys.fullEntries(entries, ownership(options));
    return this.#calls.make('setMany', (entries) =>
      written.forEach((each, key) => entries.set(key, each)),
    );
  }

  async deleteMany(keys: Iterable<string>): Promise<number> {
    const full = this.#calls.keys.fullKeys('keys', keys);
    return this.#calls.make('deleteMany', (entries) => entries.deleteMany(full));
  }

  async touch(key: string, ttl: number): Promise<boolean> {
    const full = this.#calls.keys.full(key);
    const checked = checkTouchTtl(ttl);
    return this.#calls.make('touch', (entries) => entries.touch(full, checked));
  }

  async getAndDelete(key: string): Promise<Buffer | undefined> {
    const full = this.#calls.keys.full(key);
    return this.#calls.make('getAndDelete', (entries) => entries.getAndDelete(full));
  }

  async compareAndSet(
    key: string,
    expected: SessionValue,
    next: SessionValue,
    options?: TtlOptions,
  ): Promise<boolean> {
    const full = this.#calls.keys.full(key);
    checkOptions('compareAndSet', options);
    const [before, after] = [valueBytes(expected, 'expected'), valueBytes(next, 'next')];
    const expiry = renewal(options);
    return this.#calls.make('compareAndSet', (entries) => {
      return entries.compareAndSet(full, before, after, expiry);
    });
  }

  async update(
    key: string,
    fn: (current: Buffer) => SessionValue | undefined,
    options?: TtlOptions,
  ): Promise<Buffer | undefined> {
    const full = this.#calls.keys.full(key);
    checkUpdater(fn);
    checkOptions('update', options);
    const change = (current: Buffer): Buffer | undefined => {
      const made = fn(current);
      return made === undefined ? undefined : updatedBytes(made);
    };
    const expiry = renewal(options);
    return this.#calls.make('update', (entries) => entries.update(full, change, expiry));
  }

  async increment(key: string, options?: IncrementOptions): Promise<number> {
    const full = this.#calls.keys.full(key);
    checkOptions('increment', options);
    const [by, ttl] = [checkIncrement(options?.by), checkTtl(options?.ttl)];
    return this.#calls.make('increment', (entries) => entries.increment(full, by, ttl));
  }

  async move(
    from: string,
    to: string,
    value: SessionValue,
    options?: WriteOptions,
  ): Promise<boolean> {
    checkOptions('move', options);
    const [source, target] = [this.#calls.keys.full(from), this.#calls.keys.full(to)];
    const written = { value: valueBytes(value), ...ownership(options) };
    return this.#calls.make('move', (entries) => entries.move(source, target, written));
  }

  async count(range: EntryRange): Promise<number> {
    const full = this.#calls.keys.fullRange(range);
    return this.#calls.make('count', (entries) => entries.keys(full).length);
  }

  scan(prefix: string): AsyncIterable<string> {
    const range = { prefix: this.#calls.keys.fullPrefix(prefix), owner: undefined };
    return this.#calls.pages('scan', range, (key) => key);
  }

  scanOwner(owner: string): AsyncIterable<string> {
    checkOwner(owner);
    const range = { prefix: this.#calls.keys.prefix, owner };
    return this.#calls.pages('scanOwner', range, (key) => key);
  }

  scanEntries(range: EntryRange): AsyncIterable<[key: string, entry: SessionEntry]> {
    return this.#calls.pages(
      'scanEntries',
      this.#calls.keys.fullRange(range),
      (key, entries, stored) => {
        const entry = entries.getEntry(stored);
        return entry && [key, entry];
      },
    );
  }

  async deleteOwner(owner: string, options?: DeleteOwnerOptions): Promise<number> {
    checkOwner(owner);
    const range = { prefix: this.#calls.keys.prefix, owner };
    checkOptions('deleteOwner', options);
    const kept = this.#calls.keys.fullKeys('except', options?.except ?? []);
    return this.#calls.make('deleteOwner', (entries) => {
      return entries.deleteMany(entries.keys(range).filter((key) => !kept.has(key)));
    });
  }

  namespace(prefix: string): KeyValueStore {
    return new InMemoryView(this.#calls.under(prefix));
  }
}
