import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

/** A session as an application keeps it: 600 bytes of JSON with its number and version in front. */
export interface SessionObject {
  n: number;
  v: number;
  cookie: { originalMaxAge: number; httpOnly: boolean; path: string; sameSite: 'lax' };
  user: Record<string, unknown>;
  flash: string[];
  csrf: string;
}

/** What a system hands out: bytes, or the session parsed. */
export type Delivered = Buffer | SessionObject | undefined | null;

export const TTL = 86_400_000;

/** Numbers start here, so that each has eight digits and stands at a known place in the bytes. */
const FIRST_NUMBER = 10_000_000;
const NUMBER_AT = '{"n":'.length;
/** No system is asked for more distinct keys than this, so that they fit in memory. */
const MOST_KEYS = 1_000_000;

const REST = {
  cookie: { originalMaxAge: TTL, httpOnly: true, path: '/', sameSite: 'lax' as const },
  user: {
    id: '6f1f0f5e-5a0e-4b50-9d36-0c3a5a1f7d11',
    name: 'Ada Lovelace',
    email: 'ada.lovelace@example.com',
    roles: ['reader', 'writer', 'reviewer'],
    locale: 'en-GB',
    timeZone: 'Europe/London',
    signedInAt: '2026-01-01T09:30:00.000Z',
    device: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Safari/537.36',
    preferences: { theme: 'dark', density: 'compact', sidebar: true, columns: ['name', 'owner'] },
  },
  flash: ['Your changes were saved.'],
  csrf: 'k3Jq0Xw8vZcT5rYb1LmN7pQs4HdGfUe2',
};
/** The JSON after the version; it begins with a comma. */
const TAIL = `,${JSON.stringify(REST).slice(1)}`;

export function sessionObject(n: number, v = 0): SessionObject {
  return { n: FIRST_NUMBER + n, v, ...REST };
}

export function sessionBytes(n: number, v = 0): Buffer {
  return Buffer.from(`{"n":${FIRST_NUMBER + n},"v":${v}${TAIL}`, 'latin1');
}

/** SQL for the JSON text of session `i`, as the functions above make it. */
export const SESSION_SQL = `'{"n":' || (${FIRST_NUMBER} + i) || ',"v":0' || $tail$${TAIL}$tail$`;
/** SQL for the key of session `i`. */
export const KEY_SQL = 'md5(i::text)';

export function keyOf(n: number): string {
  return createHash('md5').update(String(n)).digest('hex');
}

/** The keys that a workload draws from: those of the sessions 0, stride, 2 · stride … */
export interface KeySample {
  keys: readonly string[];
  stride: number;
}

const samples = new Map<number, string[]>();

/** Keys of a table with that many rows, evenly spread; made once, then shared. */
export function keysOf(rows: number): KeySample {
  const stride = Math.ceil(rows / MOST_KEYS);
  const count = Math.floor(rows / stride);
  let known = samples.get(stride) ?? [];
  if (known.length < count) {
    known = Array.from({ length: count }, (_, i) => keyOf(i * stride));
    samples.set(stride, known);
  }
  return { keys: known.length === count ? known : known.slice(0, count), stride };
}

/** The quick look at every value read: is it session `n`? */
export function isSession(value: Delivered, n: number): boolean {
  if (!value) return false;
  const found = Buffer.isBuffer(value)
    ? Number(value.toString('latin1', NUMBER_AT, NUMBER_AT + 8))
    : value.n;
  return found === FIRST_NUMBER + n;
}

/** The full look: session `n` in version `v`, to the last byte. */
export function isExactly(value: Delivered, n: number, v: number): boolean {
  if (!value) return false;
  return Buffer.isBuffer(value)
    ? value.equals(sessionBytes(n, v))
    : isDeepStrictEqual(value, sessionObject(n, v));
}
