import assert from 'node:assert/strict';
import { byBytes, bytes, collect, MANY, numbered, textOf } from './helpers.js';
import type { Section } from './section.js';

/** scan: live keys in byte order, in pages. */
export const scanSection: Section = (test) => {
  test('gives the keys under a prefix in byte order', async ({ store }) => {
    const keys = [
      'Z',
      'a',
      'B',
      'b',
      '\u00e9',
      'e',
      '\uffff',
      '\u{10000}',
      '\ue000',
      '_',
      '%',
      'a b',
      'a-b',
      'ab',
    ];
    await store.setMany(keys.map((key) => [`k${key}`, 'x']));
    await store.setMany([
      ['j', 'before'],
      ['k', 'the prefix itself'],
      ['l', 'after'],
    ]);
    const expected = ['k', ...keys.map((key) => `k${key}`)].sort(byBytes);
    assert.deepEqual(await collect(store.scan('k')), expected);
    assert.deepEqual(await collect(store.scan('')), ['j', ...expected, 'l']);
  });

  test('gives nothing where there is nothing', async ({ store }) => {
    assert.deepEqual(await collect(store.scan('')), []);
    await store.set('a', 'x');
    assert.deepEqual(await collect(store.scan('b')), []);
  });

  test('gives all of more keys than a page holds, each once', async ({
    store,
    shortTtl,
    expire,
  }) => {
    const keys = numbered('page', MANY);
    await store.setMany(keys.map((key) => [key, 'x']));
    await store.setMany([['page00007x', 'old']], { ttl: shortTtl });
    await expire();
    assert.deepEqual(await collect(store.scan('page')), keys);
    assert.deepEqual(await collect(store.scan('page0001')), keys.slice(10, 20));
  });

  test('sees no key that was deleted before its page was read', async ({ store }) => {
    const keys = numbered('page', MANY);
    await store.setMany(keys.map((key) => [key, 'x']));
    const seen: string[] = [];
    for await (const key of store.scan('page')) {
      if (seen.length === 0) await store.delete(keys[MANY - 1]);
      seen.push(key);
    }
    assert.deepEqual(seen, keys.slice(0, -1));
  });

  test('can be left early', async ({ store }) => {
    await store.setMany(numbered('page', MANY).map((key) => [key, 'x']));
    for (let round = 0; round < 30; round++) {
      for await (const key of store.scan('page')) {
        assert.equal(key, 'page00000');
        break;
      }
    }
    assert.deepEqual(await store.get('page00000'), bytes('x'));
  });

  test('lets its keys be changed on the way', async ({ store }) => {
    await store.setMany(numbered('k', 20).map((key) => [key, 'x']));
    for await (const key of store.scan('k')) {
      await store.set(key, 'seen');
      await store.delete(`${key}?`);
    }
    assert.equal(await textOf(store, 'k00019'), 'seen');
  });

  test('runs beside other scans', async ({ store }) => {
    await store.setMany([...numbered('a', MANY), ...numbered('b', MANY)].map((key) => [key, 'x']));
    const scans = ['a', 'b', '', 'a', 'c'].map((prefix) => collect(store.scan(prefix)));
    assert.deepEqual(
      (await Promise.all(scans)).map((keys) => keys.length),
      [MANY, MANY, 2 * MANY, MANY, 0],
    );
  });
};
