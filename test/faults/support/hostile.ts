import fc from 'fast-check';

/** What breaks programs that build SQL, patterns, paths or markup out of text. */
const TRAPS = [
  "'; DROP TABLE fuzz_sessions; --",
  "' OR '1'='1",
  '" OR ""="',
  '$1',
  '$$; SELECT pg_sleep(10); $$',
  '%',
  '_',
  '%_\\%',
  '\\',
  "\\'",
  "E'\\x00'",
  '.*',
  '^$',
  '[a-z',
  '(?=',
  '{}',
  '{"a":1}',
  'NULL',
  'null',
  '\\N',
  '\t\r\n',
  '\u007f',
  '\u0085\u2028\u2029',
  '\ufeff',
  '\u202e',
  'e\u0301',
  'é',
  'İı',
  'ß',
  'ﬁ',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{1f468}\u200d\u{1f469}',
  '\u{e0001}',
  '\u{10ffff}',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '<script>',
  ':',
  '::',
  ',',
  '{a,b}',
  '-1',
  '1e400',
];

const fragment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TRAPS) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
);

const withoutNul = (text: string): string => text.replaceAll('\0', '\u0001');

/** Keys that are allowed, and that a careless store would trip over. */
export const hostileKey = fc
  .array(fragment, { minLength: 1, maxLength: 4 })
  .map((parts) => withoutNul(parts.join('')) || 'k');

export const hostilePrefix = fc
  .array(fragment, { minLength: 1, maxLength: 2 })
  .map((parts) => withoutNul(parts.join('')));

const notText: fc.Arbitrary<unknown> = fc.constantFrom(
  undefined,
  null,
  0,
  Number.NaN,
  1n,
  true,
  Symbol('key'),
  {},
  [],
  ['k'],
  new Date(0),
  new Map(),
  Buffer.from('k'),
  () => 'k',
  { toString: () => 'k' },
  Object.create(null),
  new Proxy({}, {}),
);

const MEGABYTE = 'x'.repeat(1_000_000);

/** What must be refused wherever a key stands. */
export const badKey: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: notText },
  { weight: 2, arbitrary: fc.constantFrom('', 'k'.repeat(1_025), '€'.repeat(342)) },
  fc.constantFrom(MEGABYTE, MEGABYTE.replaceAll('x', '€'), `${MEGABYTE}\0`),
  fc.tuple(hostileKey, hostileKey).map(([a, b]) => `${a}\0${b}`),
  fc
    .tuple(hostileKey, fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfff'))
    .map(([key, half]) => `${key.replace(/[\udc00-\udfff]/g, '')}|${half}|`),
);

export const badValue: fc.Arbitrary<unknown> = fc.oneof(
  notText.filter((value) => !(value instanceof Uint8Array)),
  fc.constantFrom(
    '\ud800',
    new ArrayBuffer(4),
    new Uint16Array(2),
    new DataView(new ArrayBuffer(1)),
  ),
);

export const badTtl: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  ...[Number.NaN, Infinity, -Infinity, '60', null, 1n, {}, [], [60], new Date(), true, 1.1e14],
  ...[Number.MAX_VALUE, Symbol('ttl'), () => 60],
);

/** Steps of a counter that are none. */
export const badStep: fc.Arbitrary<unknown> = badTtl.filter((step) => !Number.isSafeInteger(step));

/** Names of tables and schemas that must be refused before a connection is made. */
export const badName: fc.Arbitrary<unknown> = fc
  .oneof(
    hostileKey,
    badKey,
    fc.constantFrom<unknown>(
      ...[
        'drop; --',
        'a"b',
        "a'b",
        'a.b',
        'a b',
        '1a',
        'ä',
        'a-b',
        'a$b',
        'a\nb',
        'a\n',
        ' a',
        'a ',
        '"a"',
      ],
      ...['a'.repeat(64), 'Ａ', 'a;', 'a/**/', 'a\0'],
    ),
  )
  .filter(
    (name) =>
      !(typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length < 50),
  )
  .filter((name) => name !== undefined && name !== null);
