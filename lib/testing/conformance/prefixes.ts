import assert from 'node:assert/strict';
import type { KeyValueStore } from '../../interfaces/key-value-store.interface.js';
import { byBytes, collect, MANY, numbered } from './helpers.js';
import type { Section } from './section.js';

/** Code points on each side of the borders of UTF-8 and of the surrogates, and LIKE's own. */
const EDGES = [
  '%', '_', '\\', '\u0001', 'a', '\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000',
  '\uffff', '\u{10000}', '\u{10ffff}',
]; // prettier-ignore

const keysLeft = (store: KeyValueStore): Promise<string[]> => collect(store.scan(''));

/** deletePrefix. */
export const prefixSection: Section = (test, features) => {
  test('deletes what begins with the prefix and nothing else', async ({ store }) => {
    await store.setMany(['a', 'a:', 'a:1', 'a:2', 'a;', 'b:1', 'A:1'].map((key) => [key, 'x']));
    assert.equal(await store.deletePrefix('a:'), undefined);
    assert.deepEqual(await keysLeft(store), ['A:1', 'a', 'a;', 'b:1']);
  });

  test('deletes nothing where nothing begins so', async ({ store }) => {
    await store.set('a', 'x');
    await store.deletePrefix('ab');
    assert.deepEqual(await keysLeft(store), ['a']);
  });

  test('deletes everything by the empty prefix', async ({ store, shortTtl, expire }) => {
    await store.setMany(EDGES.map((key) => [key, 'x']));
    await store.set('old', 'x', { ttl: shortTtl });
    await expire();
    await store.deletePrefix('');
    assert.deepEqual(await keysLeft(store), []);
    await store.set('a', 'again');
    assert.deepEqual(await keysLeft(store), ['a']);
  });

  for (const edge of EDGES) {
    test(`takes the prefix ${escape(edge)} literally`, async ({ store }) => {
      const keys = EDGES.flatMap((one) => [
        one,
        `${one}x`,
        `x${one}`,
        ...EDGES.map((two) => one + two),
      ]);
      await store.setMany(keys.map((key) => [key, 'x']));
      const begins = [...new Set(keys)].filter((key) => key.startsWith(edge)).sort(byBytes);
      assert.deepEqual(await collect(store.scan(edge)), begins);
      await store.deletePrefix(edge);
      const left = [...new Set(keys)].filter((key) => !key.startsWith(edge)).sort(byBytes);
      assert.deepEqual(await keysLeft(store), left);
    });
  }

  test('takes a prefix as long as a key, which may be a whole one', async ({ store }) => {
    const longest = 'k'.repeat(features.maxKeyBytes);
    await store.setMany([
      [longest, 'x'],
      [longest.slice(1), 'x'],
    ]);
    await store.deletePrefix(longest);
    assert.deepEqual(await keysLeft(store), [longest.slice(1)]);
  });

  test('deletes more than a page holds', async ({ store }) => {
    await store.setMany([...numbered('a:', MANY), 'b:1'].map((key) => [key, 'x']));
    await store.deletePrefix('a:');
    assert.deepEqual(await keysLeft(store), ['b:1']);
  });

  function escape(text: string): string {
    return `U+${(text.codePointAt(0) ?? 0).toString(16)}`;
  }
};
