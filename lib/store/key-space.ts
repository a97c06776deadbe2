import type { EntryRange, SessionValue } from '../interfaces/key-value-store.interface.js';
import { checkIterable, checkKey, checkPrefix, checkRange, valueBytes } from './arguments.js';
import type { ReadRange } from './range-calls.js';

/** The keys of a view: what stands under its prefix in the table. Checks what callers give. */
export class KeySpace {
  constructor(readonly prefix: string) {}

  /** A key as the table has it. */
  full(key: string): string {
    checkKey(key);
    if (this.prefix === '') {
      return key;
    }
    const full = this.prefix + key;
    checkKey(full);
    return full;
  }

  /** @param what what the keys are called in a message. */
  fullKeys(what: string, keys: Iterable<string>): Set<string> {
    return new Set(checkIterable(what, keys).map((key) => this.full(key)));
  }

  /** The values to be written, each with what all of them have in common. Of a key given twice the last counts. */
  fullEntries<T extends object>(
    entries: Iterable<readonly [key: string, value: SessionValue]>,
    common: T,
  ): Map<string, T & { value: Buffer }> {
    const full = new Map<string, T & { value: Buffer }>();
    for (const entry of checkIterable('entries', entries)) {
      const [key, value] = checkIterable<string | SessionValue>('entry', entry);
      checkKey(key);
      full.set(this.full(key), { ...common, value: valueBytes(value) });
    }
    return full;
  }

  fullPrefix(prefix: string): string {
    checkPrefix(prefix);
    const full = this.prefix + prefix;
    checkPrefix(full);
    return full;
  }

  fullRange(given: EntryRange): ReadRange {
    const range = checkRange(given);
    return 'prefix' in range
      ? { prefix: this.fullPrefix(range.prefix), owner: undefined }
      : { prefix: this.prefix, owner: range.owner };
  }

  /** A key of the table as the view has it. */
  own(full: string): string {
    return full.slice(this.prefix.length);
  }
}
