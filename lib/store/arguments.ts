import { isAnyArrayBuffer, isAsyncFunction, isUint8Array } from 'node:util/types';
import type { EntryRange } from '../interfaces/key-value-store.interface.js';
import { MAX_TTL_MS } from '../timings.js';
import { isAbortSignal } from '../utils/abort-signal.js';

/** Limits on the arguments of the store, once. */
export const MAX_KEY_BYTES = 1_024;
/**
 * 256 MiB less 1 KiB. PostgreSQL holds larger values, but they could not be read as text, in which a byte takes
 * two characters of a string, and Node's strings have 512 MiB at most.
 */
export const MAX_VALUE_BYTES = 268_434_432;

/** A UTF-16 code unit takes at most this many bytes of UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/** Throws unless `text` is well-formed, without NUL and short enough. The text itself is never shown. */
function checkText(what: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') {
    throw new TypeError(`${what} must be a string, not ${nameType(text)}`);
  }
  if (text.includes('\0')) {
    throw new TypeError(`${what} holds a NUL character at index ${text.indexOf('\0')}`);
  }
  if (!text.isWellFormed()) {
    throw new TypeError(`${what} holds a lone surrogate: it must be well-formed Unicode`);
  }
  if (text.length * MAX_BYTES_PER_UNIT > MAX_KEY_BYTES) {
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_KEY_BYTES) {
      throw new RangeError(
        `${what} is ${bytes} bytes of UTF-8; at most ${MAX_KEY_BYTES} are allowed`,
      );
    }
  }
}

export function checkKey(key: unknown): asserts key is string {
  checkText('key', key);
  if (key === '') {
    throw new TypeError('key must not be empty');
  }
}

export function checkOwner(owner: unknown): asserts owner is string {
  checkText('owner', owner);
  if (owner === '') {
    throw new TypeError('owner must not be empty');
  }
}

export function checkPrefix(prefix: unknown): asserts prefix is string {
  checkText('prefix', prefix);
}

/** The bytes of a value, copied, so that a caller may reuse its buffer at once. */
export function valueBytes(value: unknown, what = 'value'): Buffer {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) {
      throw new TypeError(`${what} holds a lone surrogate: pass bytes, or well-formed Unicode`);
    }
    if (value.length * MAX_BYTES_PER_UNIT > MAX_VALUE_BYTES) {
      checkSize(what, Buffer.byteLength(value));
    }
    return Buffer.from(value, 'utf8');
  }
  if (isUint8Array(value)) {
    checkSize(what, value.length);
    return Buffer.from(value);
  }
  throw new TypeError(
    `${what} must be a Uint8Array or a string, not ${nameType(value)}${howToConvert(value)}`,
  );
}

function howToConvert(value: unknown): string {
  if (isThenable(value)) {
    return ': await it first';
  }
  if (isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) {
    return ': pass a Uint8Array of its bytes';
  }
  return typeof value === 'object' && value !== null ? ': pass JSON.stringify(value)' : '';
}

/** Throws unless it is a function that can run within `update`. */
export function checkUpdater(fn: unknown): void {
  if (typeof fn !== 'function') {
    throw new TypeError(`fn must be a function, not ${nameType(fn)}`);
  }
  if (isAsyncFunction(fn)) {
    throw notSynchronous();
  }
}

/** The bytes of what the function of `update` returned. */
export function updatedBytes(made: unknown): Buffer {
  if (isThenable(made)) {
    // Nobody else waits for it, and a rejection that nobody handles would end the process.
    void Promise.resolve(made).catch(() => undefined);
    throw notSynchronous();
  }
  return valueBytes(made, 'what the function of update returned');
}

function notSynchronous(): TypeError {
  return new TypeError(
    'the function of update must be synchronous, and returns a promise: await before the call what it needs',
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

function checkSize(what: string, bytes: number): void {
  if (bytes > MAX_VALUE_BYTES) {
    throw new RangeError(`${what} is ${bytes} bytes; at most ${MAX_VALUE_BYTES} are allowed`);
  }
}

/** Milliseconds, at most `longest` if there is such a bound, or `null` for no expiry. */
export function checkTtl(ttl: unknown, longest?: number): number | null {
  const given = givenTtl(ttl);
  return longest === undefined ? given : Math.min(given ?? longest, longest);
}

function givenTtl(ttl: unknown): number | null {
  if (ttl === undefined) {
    return null;
  }
  if (typeof ttl !== 'number' || !Number.isFinite(ttl)) {
    throw new TypeError(
      `ttl must be a finite number of milliseconds, not ${typeof ttl === 'number' ? ttl : nameType(ttl)}`,
    );
  }
  if (ttl > MAX_TTL_MS) {
    throw new RangeError(`ttl of ${ttl} ms is too large; at most ${MAX_TTL_MS} is allowed`);
  }
  return ttl > 0 ? ttl : null;
}

/** The `ttl` of `touch`, which has to be given: without one the entry would never expire. */
export function checkTouchTtl(ttl: unknown, longest?: number): number | null {
  if (typeof ttl !== 'number') {
    throw new TypeError(
      `the ttl of touch must be a number of milliseconds, or 0 for no expiry, as in touch(key, 60_000), not ${nameType(ttl)}`,
    );
  }
  return checkTtl(ttl, longest);
}

export function checkIncrement(by: unknown): number {
  if (by === undefined) {
    return 1;
  }
  if (typeof by !== 'number') {
    throw new TypeError(`by must be a number, not ${nameType(by)}`);
  }
  if (!Number.isSafeInteger(by)) {
    throw new RangeError(`by must be a safe integer, not ${by}`);
  }
  return by;
}

export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${nameType(signal)}`);
  }
}

/** Exactly one of the two. */
export function checkRange(range: unknown): EntryRange {
  if (typeof range !== 'object' || range === null || Array.isArray(range)) {
    throw new TypeError(`range must be { prefix } or { owner }, not ${nameType(range)}`);
  }
  const all = Object.keys(range);
  const given =
    all.length === 1 ? all : all.filter((each) => Reflect.get(range, each) !== undefined);
  const [name] = given;
  if (given.length !== 1 || (name !== 'prefix' && name !== 'owner')) {
    throw new TypeError('range must be { prefix } or { owner }: one of the two, and nothing else');
  }
  const text: unknown = Reflect.get(range, name);
  if (name === 'prefix') {
    checkPrefix(text);
    return { prefix: text };
  }
  checkOwner(text);
  return { owner: text };
}

/** A string is iterable too, so `getMany('abc')` would quietly mean three keys. */
export function checkIterable<T>(what: string, items: Iterable<T>): T[] {
  if (typeof items !== 'object' || items === null || typeof items[Symbol.iterator] !== 'function') {
    throw new TypeError(`${what} must be an iterable such as an array, not ${nameType(items)}`);
  }
  return [...items];
}

/** How a message names what was given in the place of something else. */
export function nameType(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'array' : typeof value;
}
