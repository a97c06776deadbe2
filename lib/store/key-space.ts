import type { EntryRange } from '../interfaces/key-value-store.interface.js';
import { checkKey, checkPrefix, checkRange } from './arguments.js';
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
