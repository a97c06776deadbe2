import fc from 'fast-check';
import type { EntryRange } from '../../lib/index.js';

/** Code points where UTF-8, UTF-16 and LIKE have their borders. */
export const EDGES = [
  '%', '_', '\\', '\u0001', '\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff',
  '\u{10000}', '\u{10fffe}', '\u{10ffff}', "'", '"', 'a', 'A', 'é', 'e\u0301', ' ', '\n',
]; // prettier-ignore

/** Any code point but NUL and the surrogates, edges among them more often. */
const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...EDGES) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
);

export const text = (constraints: { minLength: number; maxLength: number }): fc.Arbitrary<string> =>
  fc.string({ unit: character, ...constraints }).map((all) => all.replaceAll('\0', '\u0001'));

/** A few keys that meet often, and any other. */
export const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'a%', 'a_', 'ab', '\uffff', '\u{10000}x') },
  { weight: 1, arbitrary: text({ minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom('k'.repeat(1_000), '\u{1F600}'.repeat(250)) },
);

export const keys = fc.array(key, { maxLength: 6 });

export const prefix = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'a%', 'b', '\uffff', 'z') },
  { weight: 1, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: text({ minLength: 1, maxLength: 3 }) },
);

export const value: fc.Arbitrary<Uint8Array | string> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom('', 'same', '0', '41', '-7', '9007199254740991', '\\x00'),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constant(Buffer.alloc(20_000, 'large')),
);

/** In these tests a ttl is far longer than they run, or none. */
export const ttl = fc.constantFrom(undefined, undefined, 3_600_000, 1e14, 0, -5);

export const owner = fc.constantFrom('alice', 'bob', "o'neil %_\\", '\u{1F600}');

export const range: fc.Arbitrary<EntryRange> = fc.oneof(
  prefix.map((each) => ({ prefix: each })),
  owner.map((each) => ({ owner: each })),
);

export const writeOptions = fc.record({ ttl, owner: fc.option(owner, { nil: undefined }) });
