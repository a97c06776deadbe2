import assert from 'node:assert/strict';
import type {
  EntryRange,
  KeyValueStore,
  SessionEntry,
} from '../../interfaces/key-value-store.interface.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** More entries than a page of a range call or a batch holds. */
export const MANY = 1_200;

export const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Keys of equal width, so that their byte order is their order. */
export const numbered = (prefix: string, count: number): string[] =>
  range(count).map((i) => `${prefix}${String(i).padStart(5, '0')}`);

export const byBytes = (a: string, b: string): number => Buffer.compare(bytes(a), bytes(b));

/** An entry with the value `x` under each key. */
export const entriesOf = (keys: readonly string[]): [string, string][] =>
  keys.map((key) => [key, 'x']);

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

/** The keys that `scanEntries` gives. */
export async function keysOfEntries(store: KeyValueStore, range: EntryRange): Promise<string[]> {
  return (await collect(store.scanEntries(range))).map(([key]) => key);
}

export async function textOf(store: KeyValueStore, key: string): Promise<string | undefined> {
  return (await store.get(key))?.toString('utf8');
}

/** The live entry, which must be there. */
export async function entryOf(store: KeyValueStore, key: string): Promise<SessionEntry> {
  const entry = await store.getEntry(key);
  assert.ok(entry, `no live entry under ${JSON.stringify(key)}`);
  return entry;
}

export interface ExpectedEntry {
  value: Uint8Array | string;
  /** Milliseconds that were asked for; absent: no expiry. */
  ttl?: number;
  owner?: string;
}

/** That the live entry is as expected, its expiry less the time that the test itself took. */
export async function assertEntry(
  store: KeyValueStore,
  key: string,
  { value, ttl, owner }: ExpectedEntry,
): Promise<void> {
  const entry = await entryOf(store, key);
  assert.deepEqual(entry.value, Buffer.from(value as Uint8Array));
  assert.equal(entry.owner, owner);
  assertTtl(entry, ttl);
}

/** A ttl read back: at most what was asked, less the time that the test itself took. */
export function assertTtl({ expiresIn }: SessionEntry, asked: number | undefined): void {
  if (asked === undefined || expiresIn === undefined) {
    assert.equal(expiresIn, asked);
    return;
  }
  const isAsAsked = expiresIn > asked - 10_000 && expiresIn <= asked;
  assert.ok(isAsAsked, `expires in ${expiresIn} ms, after a ttl of ${asked} ms`);
}

/** How a call ended: `fulfilled`, or the error's code, or its name if it has none. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'fulfilled';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : nameOf(error);
  }
}

/** What a promise rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it resolved'),
    (reason: unknown) => reason,
  );
}

export function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error
    ? String(error.name)
    : String(error);
}
