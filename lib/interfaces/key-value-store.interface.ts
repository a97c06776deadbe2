/** Bytes to store. A string is stored as UTF-8. */
export type SessionValue = Uint8Array | string;

export interface CallOptions {
  /**
   * Rejects the call with the signal's reason. A call aborted before it was sent is never sent; one
   * that is in flight may still take effect.
   */
  signal?: AbortSignal;
}

export interface TtlOptions {
  /**
   * Milliseconds until the entry expires, by the clock of the database. Absent or `<= 0`: no expiry. The module
   * option `maxTtl` cuts both.
   * At most 1e14.
   */
  ttl?: number;
}

export interface WriteOptions extends TtlOptions {
  /** Whose entry it is, for `scanOwner` and `deleteOwner`. Absent: nobody's; `setIfPresent` then keeps the owner. */
  owner?: string;
}

export interface IncrementOptions extends TtlOptions {
  /** A safe integer, negative to count down. Default: 1. */
  by?: number;
}

export interface DeleteOwnerOptions {
  /** Keys to keep. */
  except?: Iterable<string>;
}

/** A live entry as it is read. */
export interface SessionEntry {
  value: Buffer;
  /** Milliseconds left by the clock of the database, more than 0. Absent: no expiry. */
  expiresIn?: number;
  /** Absent: nobody's, or the table has no owners. */
  owner?: string;
}

/** The entries under a prefix, or those of an owner. */
export type EntryRange = { prefix: string } | { owner: string };

/**
 * Opaque bytes under string keys, each with an optional expiry and an optional owner.
 *
 * - A key is a non-empty, well-formed string without NUL of at most 1,024 bytes of UTF-8. A value has at most
 *   268,434,432 bytes (256 MiB less 1 KiB). Anything else rejects with a `TypeError` or `RangeError` before
 *   anything is sent.
 * - An entry is live until its expiry, by the clock of the database. One that has expired is invisible to
 *   every method, whether or not it was swept already.
 * - A promise that resolved stands for a committed transaction.
 * - Calls of one store on one key take effect in the order they were made, awaited or not. `deletePrefix`,
 *   `deleteOwner`, `count` and scans wait for the earlier writes that they can meet. Later writes that they can meet
 *   wait for the two that delete; nothing else waits for any of them.
 * - Every other rejection is a `PostgresSessionError` with a stable `code`.
 *
 * @publicApi
 */
export interface KeyValueStore {
  /** The value of a live entry, or `undefined`. The bytes belong to the caller. celeris: `Get`. */
  get(key: string, options?: CallOptions): Promise<Buffer | undefined>;

  /** A live entry with the time it has left and its owner, or `undefined`. The bytes belong to the caller. */
  getEntry(key: string, options?: CallOptions): Promise<SessionEntry | undefined>;

  /** Writes the entry whole: value, expiry and owner. celeris: `Set`. */
  set(key: string, value: SessionValue, options?: WriteOptions & CallOptions): Promise<void>;

  /** Deletes the entry. Resolves to whether a live one was there. celeris: `Delete`. */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  /**
   * Deletes every entry whose key starts with `prefix`, character by character, in pages of 1,000 rows that
   * each are a transaction of their own. The empty prefix truncates the table if it gets the lock within
   * 500 ms. celeris: `DeletePrefix`.
   *
   * @param options `signal` ends it after the page in flight.
   * @throws PostgresSessionError with `deleted`, the rows that went, if a page failed for good.
   */
  deletePrefix(prefix: string, options?: CallOptions): Promise<void>;

  /** The live entries among `keys`. */
  getMany(keys: Iterable<string>): Promise<Map<string, Buffer>>;

  /** `set` for many entries in one transaction. If a key is given twice, the last one counts. */
  setMany(
    entries: Iterable<readonly [key: string, value: SessionValue]>,
    options?: WriteOptions,
  ): Promise<void>;

  /** `delete` for many keys in one transaction. Resolves to how many live entries were there. */
  deleteMany(keys: Iterable<string>): Promise<number>;

  /**
   * Gives a live entry a new expiry without rewriting its value. Resolves to `false` if there is
   * no live entry.
   *
   * @param ttl milliseconds from now; `<= 0` for no expiry.
   */
  touch(key: string, ttl: number): Promise<boolean>;

  /** Writes the entry unless a live one is there. Resolves to whether it wrote. */
  setIfAbsent(key: string, value: SessionValue, options?: WriteOptions): Promise<boolean>;

  /**
   * `set` over a live entry alone, whose owner stays unless one is given. Resolves to `false` if there is no
   * live entry; nothing is written then.
   */
  setIfPresent(
    key: string,
    value: SessionValue,
    options?: WriteOptions & CallOptions,
  ): Promise<boolean>;

  /**
   * Takes the live entry `from` out and writes `to` whole, in one transaction. Resolves to `false` if `from` is
   * no live entry; nothing is written then. Of many callers at once, exactly one gets `true`. An entry that
   * `to` has already is replaced, and `to` may be `from` itself.
   */
  move(from: string, to: string, value: SessionValue, options?: WriteOptions): Promise<boolean>;

  /** Takes a live entry out. Of many callers at once, exactly one gets the value. */
  getAndDelete(key: string): Promise<Buffer | undefined>;

  /**
   * Replaces the value of a live entry if it equals `expected` byte for byte. Keeps the owner, and
   * the expiry unless `ttl` is given. Resolves to whether it replaced.
   */
  compareAndSet(
    key: string,
    expected: SessionValue,
    next: SessionValue,
    options?: TtlOptions,
  ): Promise<boolean>;

  /**
   * Atomic read-modify-write of a live entry; never creates one. Keeps the owner, and the expiry
   * unless `ttl` is given.
   *
   * @example
   * await store.update(key, (bytes) => {
   *   const session = JSON.parse(bytes.toString()) as Session;
   *   return JSON.stringify({ ...session, visits: session.visits + 1 });
   * });
   *
   * @param fn synchronous; runs again when another writer was faster; `undefined` from it leaves the
   *   entry as it is, and what it throws rejects the call.
   * @returns what was written, else `undefined`.
   */
  update(
    key: string,
    fn: (current: Buffer) => SessionValue | undefined,
    options?: TtlOptions,
  ): Promise<Buffer | undefined>;

  /**
   * Atomic counter, kept as decimal ASCII. `ttl` applies only if the call creates the counter.
   * A value that is no safe integer, before or after, rejects with `ERR_NOT_A_COUNTER` and stays.
   *
   * @example
   * // At most ten tries in a quarter of an hour.
   * if ((await store.increment(`tries:${name}`, { ttl: 15 * 60_000 })) > 10) throw new TooManyTries();
   */
  increment(key: string, options?: IncrementOptions): Promise<number>;

  /** The live keys that start with `prefix`, in byte order, read in pages. */
  scan(prefix: string): AsyncIterable<string>;

  /** The live keys of an owner, in byte order, read in pages. */
  scanOwner(owner: string): AsyncIterable<string>;

  /** The live entries of a range with their keys, in byte order, read in pages of bounded size. */
  scanEntries(range: EntryRange): AsyncIterable<[key: string, entry: SessionEntry]>;

  /** How many live entries a range has. */
  count(range: EntryRange): Promise<number>;

  /**
   * Deletes the live entries of an owner, in pages as `deletePrefix` does. Resolves to how many there were.
   *
   * @throws PostgresSessionError with `deleted`, the rows that went, if a page failed for good.
   */
  deleteOwner(owner: string, options?: DeleteOwnerOptions): Promise<number>;

  /** A view in which every key and prefix stands under `prefix`, and owners are seen within it. */
  namespace(prefix: string): KeyValueStore;
}
