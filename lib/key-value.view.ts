import type { Entry, Kind } from './calls/batched-calls.js';
import type { CallKinds } from './calls/call-kinds.js';
import { ownerUnsupported, SCAN_PAGE_SIZE } from './calls/range-calls.js';
import type { Renewal } from './calls/single-calls.js';
import type {
  CallOptions,
  DeleteOwnerOptions,
  IncrementOptions,
  KeyValueStore,
  SessionValue,
  TtlOptions,
  WriteOptions,
} from './interfaces/key-value-store.interface.js';
import {
  checkIncrement,
  checkIterable,
  checkKey,
  checkOwner,
  checkPrefix,
  checkSignal,
  checkTtl,
  valueBytes,
} from './key-value-arguments.js';
import type { PostgresSessionEngine } from './postgres-session.engine.js';
import { prefixRange, rangeAfter, type KeyRange } from './sql/prefix-range.js';
import { asError } from './thrown.js';

/** The entries of a table under one prefix. The store itself is the view under the empty one. */
export class KeyValueView implements KeyValueStore {
  // Private to the language, so that printing a store shows neither its pool nor its calls.
  readonly #engine: PostgresSessionEngine;
  readonly #prefix: string;

  constructor(engine: PostgresSessionEngine, prefix: string) {
    this.#engine = engine;
    this.#prefix = prefix;
  }

  get(key: string, options?: CallOptions): Promise<Buffer | undefined> {
    return attempt(() => {
      return this.#submit((kinds) => kinds.get, this.#full(key), null, signalOf(options));
    });
  }

  set(key: string, value: SessionValue, options?: WriteOptions & CallOptions): Promise<void> {
    return attempt(() => {
      const entry = { value: valueBytes(value), ...this.#ownership(options) };
      return this.#submit((kinds) => kinds.set, this.#full(key), entry, signalOf(options));
    });
  }

  delete(key: string, options?: CallOptions): Promise<boolean> {
    return attempt(() => {
      return this.#submit((kinds) => kinds.delete, this.#full(key), null, signalOf(options));
    });
  }

  deletePrefix(prefix: string, options?: CallOptions): Promise<void> {
    return attempt(() => {
      const full = this.#fullPrefix(prefix);
      const signal = signalOf(options);
      return full === ''
        ? this.#submit((kinds) => kinds.deleteAll, undefined, null, signal)
        : this.#submit((kinds) => kinds.deleteRange, undefined, prefixRange(full), signal);
    });
  }

  getMany(keys: Iterable<string>): Promise<Map<string, Buffer>> {
    return attempt(async () => {
      const wanted = [...new Set(checkIterable('keys', keys))];
      const full = wanted.map((key) => this.#full(key));
      this.#engine.checkRoomFor(full.length);
      const values = await Promise.all(
        full.map((key) => this.#submit((kinds) => kinds.get, key, null)),
      );
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
      const ownership = this.#ownership(options);
      const written = new Map<string, Entry>();
      for (const entry of checkIterable('entries', entries)) {
        const [key, value] = checkIterable<string | SessionValue>('entry', entry);
        checkKey(key);
        written.set(this.#full(key), { value: valueBytes(value), ...ownership });
      }
      return written.size === 0
        ? Promise.resolve()
        : this.#submit((kinds) => kinds.setMany, [...written.keys()], written);
    });
  }

  deleteMany(keys: Iterable<string>): Promise<number> {
    return attempt(() => {
      const full = new Set(checkIterable('keys', keys).map((key) => this.#full(key)));
      return full.size === 0
        ? Promise.resolve(0)
        : this.#submit((kinds) => kinds.deleteMany, [...full], full);
    });
  }

  touch(key: string, ttl: number): Promise<boolean> {
    return attempt(() => {
      return this.#submit((kinds) => kinds.touch, this.#full(key), checkTtl(ttl));
    });
  }

  setIfAbsent(key: string, value: SessionValue, options?: WriteOptions): Promise<boolean> {
    return attempt(() => {
      const entry = { value: valueBytes(value), ...this.#ownership(options) };
      return this.#submit((kinds) => kinds.setIfAbsent, this.#full(key), entry);
    });
  }

  getAndDelete(key: string): Promise<Buffer | undefined> {
    return attempt(() => {
      return this.#submit((kinds) => kinds.getAndDelete, this.#full(key), null);
    });
  }

  compareAndSet(
    key: string,
    expected: SessionValue,
    next: SessionValue,
    options?: TtlOptions,
  ): Promise<boolean> {
    return attempt(() => {
      return this.#submit((kinds) => kinds.compareAndSet, this.#full(key), {
        expected: valueBytes(expected, 'expected'),
        next: valueBytes(next, 'next'),
        ...renewal(options),
      });
    });
  }

  update(
    key: string,
    fn: (current: Buffer) => SessionValue | undefined,
    options?: TtlOptions,
  ): Promise<Buffer | undefined> {
    return attempt(() => {
      if (typeof fn !== 'function') {
        throw new TypeError(`fn must be a function, not ${typeof fn}`);
      }
      return this.#submit((kinds) => kinds.update, this.#full(key), { fn, ...renewal(options) });
    });
  }

  increment(key: string, options?: IncrementOptions): Promise<number> {
    return attempt(() => {
      return this.#submit((kinds) => kinds.increment, this.#full(key), {
        by: checkIncrement(options?.by),
        ttl: checkTtl(options?.ttl),
      });
    });
  }

  scan(prefix: string): AsyncIterable<string> {
    const range = prefixRange(this.#fullPrefix(prefix));
    return this.#pages(range, (rest) => {
      return this.#submit((kinds) => kinds.scanPage, undefined, rest);
    });
  }

  scanOwner(owner: string): AsyncIterable<string> {
    checkOwner(owner);
    return this.#pages(prefixRange(this.#prefix), (rest) => {
      return this.#submit((kinds) => kinds.scanOwnerPage, undefined, { ...rest, owner });
    });
  }

  deleteOwner(owner: string, options?: DeleteOwnerOptions): Promise<number> {
    return attempt(() => {
      checkOwner(owner);
      const except = checkIterable('except', options?.except ?? []).map((key) => this.#full(key));
      return this.#submit((kinds) => kinds.deleteOwner, undefined, {
        ...prefixRange(this.#prefix),
        owner,
        except,
      });
    });
  }

  namespace(prefix: string): KeyValueStore {
    return new KeyValueView(this.#engine, this.#fullPrefix(prefix));
  }

  async *#pages(
    range: KeyRange,
    fetch: (rest: KeyRange) => Promise<string[]>,
  ): AsyncGenerator<string> {
    let rest = range;
    for (;;) {
      const page = await fetch(rest);
      for (const key of page) {
        yield key.slice(this.#prefix.length);
      }
      if (page.length < SCAN_PAGE_SIZE) {
        return;
      }
      rest = rangeAfter(page[page.length - 1], range);
    }
  }

  #full(key: string): string {
    checkKey(key);
    if (this.#prefix === '') {
      return key;
    }
    const full = this.#prefix + key;
    checkKey(full);
    return full;
  }

  #fullPrefix(prefix: string): string {
    checkPrefix(prefix);
    const full = this.#prefix + prefix;
    checkPrefix(full);
    return full;
  }

  #ownership(options: WriteOptions | undefined): Pick<Entry, 'ttl' | 'owner'> {
    const ttl = checkTtl(options?.ttl);
    const owner = options?.owner;
    if (owner === undefined) {
      return { ttl, owner: null };
    }
    checkOwner(owner);
    if (!this.#engine.started.kinds.hasOwner) {
      throw ownerUnsupported();
    }
    return { ttl, owner };
  }

  #submit<A, V>(
    pick: (kinds: CallKinds) => Kind<A, V>,
    keys: string | readonly string[] | undefined,
    args: A,
    signal?: AbortSignal,
  ): Promise<V> {
    const { dispatcher, started } = this.#engine;
    return dispatcher.submit(pick(started.kinds), keys, args, signal);
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

function signalOf(options: CallOptions | undefined): AbortSignal | undefined {
  const signal = options?.signal;
  checkSignal(signal);
  return signal;
}

function renewal(options: TtlOptions | undefined): Renewal {
  const ttl = options?.ttl;
  return { renew: ttl !== undefined, ttl: checkTtl(ttl) };
}
