import { lastCharacter } from './encodings.js';

/** The keys under a prefix from `from` on, in the order of the table. */
export interface KeyRange {
  readonly prefix: string;
  readonly from: string;
}

/** More characters than a key has bytes. */
const BEHIND_EVERY_KEY = 1_025;

export function prefixRange(prefix: string): KeyRange {
  return { prefix, from: prefix };
}

/** The rest of a range behind `key`: U+0001 is the least character a key may hold. */
export function rangeAfter(key: string, { prefix }: KeyRange): KeyRange {
  return { prefix, from: `${key}\u0001` };
}

/** SQL for a text behind every key that starts with a prefix, and before every other one that follows. */
export function endOfPrefix(prefix: string, encoding: string): string {
  return `${prefix} || repeat(${lastCharacter(encoding)}, ${BEHIND_EVERY_KEY})`;
}
