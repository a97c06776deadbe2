import type { SessionEntry } from '../interfaces/key-value-store.interface.js';
import { notACounter } from '../postgres-session.errors.js';
import type { Ownership, Renewal } from '../store/call-options.js';

/** What lies under a key. */
interface StoredEntry {
  readonly value: Buffer;
  /** By the clock of the store; `null`: never. */
  readonly expiresAt: number | null;
  readonly owner: string | null;
}

/** What a call writes. */
export interface Written extends Ownership {
  readonly value: Buffer;
}

/** The entries under a prefix, of one owner or of all. */
export interface KeyRange {
  readonly prefix: string;
  readonly owner: string | undefined;
}

/** What a counter looks like, as `increment` writes it. */
const COUNTER = /^(0|-?[1-9][0-9]*)$/;

/** The table of {@link InMemorySessionStore}: each method is what one statement does. */
export class InMemoryEntries {
  private readonly entries = new Map<string, StoredEntry>();
  /** Every key in byte order, until one comes or goes. */
  private sortedKeys: string[] | undefined;

  constructor(private readonly now: () => number) {}

  get(key: string): Buffer | undefined {
    const entry = this.live(key);
    return entry && Buffer.from(entry.value);
  }

  getEntry(key: string): SessionEntry | undefined {
    const now = this.now();
    const entry = this.live(key, now);
    if (entry === undefined) {
      return undefined;
    }
    const { value, expiresAt, owner } = entry;
    return {
      value: Buffer.from(value),
      ...(expiresAt === null ? {} : { expiresIn: expiresAt - now }),
      ...(owner === null ? {} : { owner }),
    };
  }

  set(key: string, { value, ttl, owner }: Written): void {
    if (!this.entries.has(key)) {
      this.sortedKeys = undefined;
    }
    this.entries.set(key, { value, expiresAt: this.expiryAfter(ttl), owner });
  }

  setIfAbsent(key: string, written: Written): boolean {
    if (this.live(key) !== undefined) {
      return false;
    }
    this.set(key, written);
    return true;
  }

  /** Keeps the owner unless one is given. */
  setIfPresent(key: string, written: Written): boolean {
    const entry = this.live(key);
    if (entry === undefined) {
      return false;
    }
    this.set(key, { ...written, owner: written.owner ?? entry.owner });
    return true;
  }

  move(from: string, to: string, written: Written): boolean {
    const wasLive = this.live(from) !== undefined;
    if (wasLive) {
      this.delete(from);
      this.set(to, written);
    }
    return wasLive;
  }

  /** Whether a live entry was there. */
  delete(key: string): boolean {
    const wasLive = this.live(key) !== undefined;
    if (this.entries.delete(key)) {
      this.sortedKeys = undefined;
    }
    return wasLive;
  }

  /** How many live entries were there. */
  deleteMany(keys: Iterable<string>): number {
    return [...keys].filter((key) => this.delete(key)).length;
  }

  touch(key: string, ttl: number | null): boolean {
    return this.replace(key, {}, { renew: true, ttl });
  }

  getAndDelete(key: string): Buffer | undefined {
    const value = this.get(key);
    this.delete(key);
    return value;
  }

  compareAndSet(key: string, expected: Buffer, value: Buffer, renewal: Renewal): boolean {
    return this.live(key)?.value.equals(expected) === true && this.replace(key, { value }, renewal);
  }

  update(
    key: string,
    change: (current: Buffer) => Buffer | undefined,
    renewal: Renewal,
  ): Buffer | undefined {
    const current = this.get(key);
    const value = current && change(current);
    return value !== undefined && this.replace(key, { value }, renewal)
      ? Buffer.from(value)
      : undefined;
  }

  increment(key: string, by: number, ttl: number | null): number {
    const entry = this.live(key);
    if (entry === undefined) {
      this.set(key, { value: Buffer.from(String(by)), ttl, owner: null });
      return by;
    }
    const text = entry.value.toString('latin1');
    const [current, next] = [Number(text), Number(text) + by];
    if (!COUNTER.test(text) || !Number.isSafeInteger(current) || !Number.isSafeInteger(next)) {
      throw notACounter();
    }
    this.replace(key, { value: Buffer.from(String(next)) }, { renew: false, ttl: null });
    return next;
  }

  /** The live keys of a range after `after`, in byte order, at most `limit`. */
  keys({ prefix, owner }: KeyRange, limit = Infinity, after?: string): string[] {
    const sorted = (this.sortedKeys ??= [...this.entries.keys()].toSorted(byBytes));
    const found: string[] = [];
    // No key has a NUL, so none lies between `after` and `after` with one.
    let index = indexFrom(sorted, after === undefined ? prefix : `${after}\0`);
    for (; index < sorted.length && sorted[index].startsWith(prefix); index++) {
      const entry = this.live(sorted[index]);
      if (entry !== undefined && (owner === undefined || entry.owner === owner)) {
        found.push(sorted[index]);
        if (found.length === limit) {
          break;
        }
      }
    }
    return found;
  }

  /** Expired entries too. */
  deletePrefix(prefix: string): void {
    for (const key of [...this.entries.keys()]) {
      if (key.startsWith(prefix)) {
        this.delete(key);
      }
    }
  }

  /** Returns how many there were. */
  deleteExpired(): number {
    const expired = [...this.entries.keys()].filter((key) => this.live(key) === undefined);
    expired.forEach((key) => this.delete(key));
    return expired.length;
  }

  clear(): void {
    this.entries.clear();
    this.sortedKeys = undefined;
  }

  private live(key: string, now = this.now()): StoredEntry | undefined {
    const entry = this.entries.get(key);
    return entry === undefined || (entry.expiresAt !== null && entry.expiresAt <= now)
      ? undefined
      : entry;
  }

  /** Replaces what is given of a live entry. */
  private replace(key: string, changed: { value?: Buffer }, { renew, ttl }: Renewal): boolean {
    const entry = this.live(key);
    if (entry === undefined) {
      return false;
    }
    const expiresAt = renew ? this.expiryAfter(ttl) : entry.expiresAt;
    this.entries.set(key, { ...entry, ...changed, expiresAt });
    return true;
  }

  private expiryAfter(ttl: number | null): number | null {
    return ttl === null ? null : this.now() + ttl;
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The index of the first key that is not below `bound`. */
function indexFrom(sorted: readonly string[], bound: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byBytes(sorted[middle], bound) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
