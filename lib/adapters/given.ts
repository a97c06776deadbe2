import type { KeyValueStore } from '../interfaces/key-value-store.interface.js';

/** Bytes of UTF-8 that a key of the store may have. */
const MAX_KEY_BYTES = 1_024;

const STORE_METHODS = ['get', 'set', 'delete', 'getMany', 'scanEntries', 'deletePrefix'] as const;

/** Throws unless it has the methods of a `KeyValueStore`. */
export function checkStore(of: string, store: unknown): asserts store is KeyValueStore {
  if (!hasMethods(store, STORE_METHODS)) {
    throw new TypeError(
      `${of} needs a store, such as app.get(PostgresSessionStore) or a namespace of it, not ${kindOf(store)}`,
    );
  }
}

/** Throws unless `options` is an object that has options of these names alone. */
export function checkNames(of: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`the options of ${of} must be an object, not ${kindOf(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `${of} has no option ${JSON.stringify(unknown)}. Known are ${known.join(', ')}.`,
    );
  }
}

/** Throws unless keys can stand under the prefix, and it under none but its own. */
export function checkKeyPrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix !== 'string') {
    throw new TypeError(`prefix must be a string, not ${kindOf(prefix)}`);
  }
  if (prefix === '') {
    throw new TypeError('prefix must not be empty: what is cleared would be the whole table');
  }
  if (prefix.includes('\0') || !prefix.isWellFormed()) {
    throw new TypeError('prefix must be well-formed Unicode without NUL');
  }
  if (Buffer.byteLength(prefix) >= MAX_KEY_BYTES) {
    throw new RangeError(
      `prefix is ${Buffer.byteLength(prefix)} bytes of UTF-8; with a key behind it at most ${MAX_KEY_BYTES} are allowed`,
    );
  }
}

export function hasMethods(given: unknown, methods: readonly string[]): boolean {
  return (
    typeof given === 'object' &&
    given !== null &&
    methods.every((method) => typeof Reflect.get(given, method) === 'function')
  );
}

export function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
