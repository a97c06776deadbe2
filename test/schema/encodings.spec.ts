import { describe, expect, it } from '@jest/globals';
import type { KeyValueStore } from '../../lib/index.js';
import { collect } from '../conformance/helpers.js';
import { codeOf, settleAll } from '../faults/support/settle.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { celerisDdl } from '../support/catalog.js';

interface Encoding {
  encoding: string;
  /** The characters that sort first and last in it, and one in between, as far as they can be sent. */
  letters: string;
}

const ENCODINGS: Encoding[] = [
  { encoding: 'LATIN1', letters: '\u0001éÿ' },
  { encoding: 'WIN1252', letters: '\u0001€ÿ' },
  { encoding: 'ISO_8859_5', letters: '\u0001Яџ' },
  { encoding: 'EUC_JP', letters: '\u0001あ熙' },
  { encoding: 'EUC_KR', letters: '\u0001가詰' },
  { encoding: 'SQL_ASCII', letters: '\u0001é\u{10ffff}' },
];

/** In none of the encodings but UTF-8 and that which takes every byte. */
const UNKNOWN = 'smile:😀';

describe.each(ENCODINGS)('A database in $encoding', ({ encoding, letters }) => {
  const harness = Harness.use();
  const [first, middle, last] = Array.from(letters) as [string, string, string];
  const prefixes = ['a', `a${first}`, `a${middle}`, `a${last}`, last, `${last}${last}`];
  const keys = [
    ...prefixes.flatMap((prefix) => [prefix, `${prefix}${first}`, `${prefix}b`, prefix + last]),
    'b',
    `b${last}`,
    last.repeat(Math.floor(1_024 / Buffer.byteLength(last))),
  ];
  const distinct = [...new Set(keys)];

  async function startStore(celeris = false): Promise<KeyValueStore> {
    const connection = await harness.createDatabase(
      `ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    if (celeris) {
      const client = await harness.connect(connection);
      await client.query(celerisDdl('celeris_sessions'));
    }
    return (await harness.startStore({ connection })).store;
  }

  const sorted = (list: Iterable<string>): string[] => [...list].toSorted();

  it.each([false, true])(
    'finds every key under a prefix (a table of celeris: %s)',
    async (celeris) => {
      const store = await startStore(celeris);
      await store.setMany(distinct.map((key) => [key, key]));
      for (const prefix of ['', ...prefixes]) {
        const inside = distinct.filter((key) => key.startsWith(prefix));
        expect(sorted(await collect(store.scan(prefix)))).toEqual(sorted(inside));
        const entries = await collect(store.scanEntries({ prefix }));
        expect(sorted(entries.map(([key]) => key))).toEqual(sorted(inside));
        expect(await store.count({ prefix })).toBe(inside.length);
      }
      expect((await store.getMany(distinct)).size).toBe(distinct.length);
      let left = distinct;
      for (const prefix of prefixes.toReversed()) {
        await store.deletePrefix(prefix);
        left = left.filter((key) => !key.startsWith(prefix));
        expect(sorted(await collect(store.scan('')))).toEqual(sorted(left));
      }
      await store.deletePrefix('');
      expect(await collect(store.scan(''))).toEqual([]);
    },
  );

  it('finds and deletes all that an owner has, in pages', async () => {
    const store = await startStore();
    const many = Array.from({ length: 1_500 }, (_, n) => `${middle}${n}`);
    await store.setMany(
      many.map((key) => [key, 'v']),
      { owner: `owner ${middle}` },
    );
    await store.set('other', 'v', { owner: 'other' });
    expect(sorted(await collect(store.scanOwner(`owner ${middle}`)))).toEqual(sorted(many));
    expect(await store.deleteOwner(`owner ${middle}`, { except: [many[7]] })).toBe(1_499);
    expect(sorted(await collect(store.scan('')))).toEqual(sorted(['other', many[7]]));
  });

  if (encoding !== 'SQL_ASCII') {
    it('refuses a key that it cannot hold, and no neighbour of it', async () => {
      const store = await startStore();
      await store.set('a', '1');
      for (const call of [
        () => store.set(UNKNOWN, 'v'),
        () => store.get(UNKNOWN),
        () => store.set('key', 'v', { owner: UNKNOWN }),
        () => store.deletePrefix(UNKNOWN),
        () => collect(store.scan(UNKNOWN)),
      ]) {
        const error = await ownFailureOf(call());
        expect(error.code).toBe('ERR_QUERY');
        expect(error.message).toContain('encoding');
        expect(`${error.message} ${String(error.cause)}`).not.toMatch(/smile|f0/);
      }
      const settled = await settleAll([
        () => store.set('b', '2'),
        () => store.set(UNKNOWN, 'v'),
        () => store.set('c', '3'),
        () => store.get('a'),
        () => store.get(UNKNOWN),
      ]);
      expect(settled.map(codeOf)).toEqual(['ok', 'ERR_QUERY', 'ok', 'ok', 'ERR_QUERY']);
      expect(sorted(await collect(store.scan('')))).toEqual(['a', 'b', 'c']);
    });
  }
});
