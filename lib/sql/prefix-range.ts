const LAST_CODE_POINT = 0x10ffff;
const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

/** Behind every key: longer than a key may be, and all of the last code point. */
const BEHIND_EVERY_KEY = String.fromCodePoint(LAST_CODE_POINT).repeat(257);

/** The keys that start with a prefix, as a range in byte order: `from` included, `to` excluded. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** UTF-8 sorts like code points, so the end is the prefix with its last code point raised by one. */
export function prefixRange(prefix: string): KeyRange {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  while (points.at(-1) === LAST_CODE_POINT) {
    points.pop();
  }
  const last = points.pop();
  if (last === undefined) {
    return { from: prefix, to: BEHIND_EVERY_KEY };
  }
  const next = last + 1 === FIRST_SURROGATE ? LAST_SURROGATE + 1 : last + 1;
  return { from: prefix, to: String.fromCodePoint(...points, next) };
}

/** The rest of a range behind `key`: U+0001 is the least character a key may hold. */
export function rangeAfter(key: string, { to }: KeyRange): KeyRange {
  return { from: `${key}\u0001`, to };
}
