import type { EntryRange, SessionValue, WriteOptions } from '../../lib/index.js';
import { byBytes } from '../conformance/helpers.js';

export interface ModelEntry {
  value: Buffer;
  /** Whether it has an expiry, which in these tests lies far ahead or has passed. */
  expiry: 'none' | 'ahead' | 'past';
  owner: string | undefined;
}

const COUNTER = /^(0|-?[1-9][0-9]*)$/;

const toBytes = (value: SessionValue): Buffer => Buffer.from(value as Uint8Array);

const expiryOf = (ttl: number | undefined): ModelEntry['expiry'] =>
  ttl !== undefined && ttl > 0 ? 'ahead' : 'none';

/** The contract of the store in its simplest form: a map, and no concurrency. */
export class ModelStore {
  readonly entries = new Map<string, ModelEntry>();

  live(key: string): ModelEntry | undefined {
    const entry = this.entries.get(key);
    return entry && entry.expiry !== 'past' ? entry : undefined;
  }

  get(key: string): Buffer | undefined {
    return this.live(key)?.value;
  }

  getEntry(
    key: string,
  ): { value: Buffer; expires: boolean; owner: string | undefined } | undefined {
    const entry = this.live(key);
    return entry && { value: entry.value, expires: entry.expiry === 'ahead', owner: entry.owner };
  }

  set(key: string, value: SessionValue, { ttl, owner }: WriteOptions = {}): void {
    this.entries.set(key, { value: toBytes(value), expiry: expiryOf(ttl), owner });
  }

  delete(key: string): boolean {
    const wasLive = this.live(key) !== undefined;
    this.entries.delete(key);
    return wasLive;
  }

  deletePrefix(prefix: string): void {
    for (const key of [...this.entries.keys()]) {
      if (key.startsWith(prefix)) this.entries.delete(key);
    }
  }

  getMany(keys: string[]): Map<string, Buffer> {
    const found = new Map<string, Buffer>();
    for (const key of keys) {
      const value = this.get(key);
      if (value) found.set(key, value);
    }
    return found;
  }

  setMany(entries: [string, SessionValue][], options?: WriteOptions): void {
    for (const [key, value] of entries) this.set(key, value, options);
  }

  deleteMany(keys: string[]): number {
    return keys.filter((key) => this.delete(key)).length;
  }

  touch(key: string, ttl: number): boolean {
    const entry = this.live(key);
    if (entry) entry.expiry = expiryOf(ttl);
    return entry !== undefined;
  }

  setIfAbsent(key: string, value: SessionValue, options?: WriteOptions): boolean {
    if (this.live(key)) return false;
    this.set(key, value, options);
    return true;
  }

  setIfPresent(key: string, value: SessionValue, options: WriteOptions = {}): boolean {
    const entry = this.live(key);
    if (entry) this.set(key, value, { ...options, owner: options.owner ?? entry.owner });
    return entry !== undefined;
  }

  move(from: string, to: string, value: SessionValue, options?: WriteOptions): boolean {
    if (!this.live(from)) return false;
    this.entries.delete(from);
    this.set(to, value, options);
    return true;
  }

  getAndDelete(key: string): Buffer | undefined {
    const value = this.get(key);
    this.delete(key);
    return value;
  }

  compareAndSet(key: string, expected: SessionValue, next: SessionValue, ttl?: number): boolean {
    if (!this.get(key)?.equals(toBytes(expected))) return false;
    this.#rewrite(key, toBytes(next), ttl);
    return true;
  }

  update(
    key: string,
    fn: (current: Buffer) => SessionValue | undefined,
    ttl?: number,
  ): Buffer | undefined {
    const current = this.get(key);
    const next = current && fn(Buffer.from(current));
    if (next === undefined) return undefined;
    this.#rewrite(key, toBytes(next), ttl);
    return toBytes(next);
  }

  /** Throws the code of the store's error where the value is no counter. */
  increment(key: string, by = 1, ttl?: number): number {
    const entry = this.live(key);
    if (!entry) {
      this.set(key, String(by), { ttl });
      return by;
    }
    const text = entry.value.toString('latin1');
    const next = Number(text) + by;
    if (!COUNTER.test(text) || !Number.isSafeInteger(Number(text)) || !Number.isSafeInteger(next)) {
      throw new NotACounter();
    }
    entry.value = Buffer.from(String(next));
    return next;
  }

  scan(prefix: string): string[] {
    return [...this.entries.keys()]
      .filter((key) => this.live(key) && key.startsWith(prefix))
      .sort(byBytes);
  }

  /** The entries of a prefix or an owner, as `getEntry` has them. */
  scanEntries(range: EntryRange): [string, ReturnType<ModelStore['getEntry']>][] {
    const keys = 'prefix' in range ? this.scan(range.prefix) : this.scanOwner(range.owner);
    return keys.map((key) => [key, this.getEntry(key)]);
  }

  scanOwner(owner: string): string[] {
    return this.scan('').filter((key) => this.entries.get(key)?.owner === owner);
  }

  deleteOwner(owner: string, except: string[] = []): number {
    const keys = this.scanOwner(owner).filter((key) => !except.includes(key));
    return this.deleteMany(keys);
  }

  #rewrite(key: string, value: Buffer, ttl: number | undefined): void {
    const entry = this.live(key);
    if (!entry) throw new Error('nothing to rewrite');
    entry.value = value;
    if (ttl !== undefined) entry.expiry = expiryOf(ttl);
  }
}

class NotACounter extends Error {
  readonly code = 'ERR_NOT_A_COUNTER';
}
