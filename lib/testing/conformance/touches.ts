import assert from 'node:assert/strict';
import { assertEntry, MINUTE, range, textOf } from './helpers.js';
import type { Section } from './section.js';

/** touch: the expiry alone. */
export const touchSection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;

  for (const [which, ttl] of [
    ['a longer', 10 * MINUTE],
    ['a shorter', MINUTE / 2],
  ] as const) {
    test(`gives ${which} expiry and keeps the rest`, async ({ store }) => {
      await store.set('a', 'one', { ttl: MINUTE, owner });
      assert.equal(await store.touch('a', ttl), true);
      await assertEntry(store, 'a', { value: 'one', ttl, owner });
    });
  }

  test('gives an expiry to an entry that had none', async ({ store }) => {
    await store.set('a', 'one');
    assert.equal(await store.touch('a', MINUTE), true);
    await assertEntry(store, 'a', { value: 'one', ttl: MINUTE });
  });

  for (const ttl of [0, -1]) {
    test(`takes the expiry away with a ttl of ${ttl}`, async ({ store }) => {
      await store.set('a', 'one', { ttl: MINUTE });
      assert.equal(await store.touch('a', ttl), true);
      await assertEntry(store, 'a', { value: 'one' });
    });
  }

  test('tells that there is no live entry, and makes none', async ({ store, shortTtl, expire }) => {
    await store.set('old', 'gone', { ttl: shortTtl });
    await expire();
    assert.equal(await store.touch('old', MINUTE), false);
    assert.equal(await store.touch('absent', MINUTE), false);
    assert.equal(await textOf(store, 'old'), undefined);
  });

  test('gives each of many touched entries its own expiry', async ({ store }) => {
    const keys = range(100).map((i) => `key${i}`);
    await store.setMany(keys.map((key) => [key, key]));
    const touched = await Promise.all(keys.map((key, i) => store.touch(key, (i + 1) * MINUTE)));
    assert.equal(touched.every(Boolean), true);
    for (const i of [0, 42, 99]) {
      await assertEntry(store, keys[i], { value: keys[i], ttl: (i + 1) * MINUTE });
    }
  });

  test('takes the last of many touches of one key', async ({ store }) => {
    await store.set('a', 'one');
    await Promise.all([3, 1, 4, 1, 5].map((minutes) => store.touch('a', minutes * MINUTE)));
    await assertEntry(store, 'a', { value: 'one', ttl: 5 * MINUTE });
  });
};
