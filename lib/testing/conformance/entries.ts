import assert from 'node:assert/strict';
import { assertEntry, bytes, entryOf, HOUR, MINUTE, textOf } from './helpers.js';
import type { Section } from './section.js';

/** get, set and delete of one entry. */
export const entrySection: Section = (test, features) => {
  test('reads undefined where nothing was written', async ({ store }) => {
    assert.equal(await store.get('absent'), undefined);
  });

  test('reads what was written, as a Buffer', async ({ store }) => {
    assert.equal(await store.set('a', bytes('one')), undefined);
    const value = await store.get('a');
    assert.equal(Buffer.isBuffer(value), true);
    assert.deepEqual(value, bytes('one'));
  });

  test('keeps entries apart', async ({ store }) => {
    await store.set('a', 'one');
    await store.set('A', 'two');
    await store.set('a ', 'three');
    assert.equal(await textOf(store, 'a'), 'one');
    assert.equal(await textOf(store, 'A'), 'two');
    assert.equal(await textOf(store, 'a '), 'three');
  });

  for (const ttl of [undefined, 0, -1, -1e300]) {
    test(`stores no expiry with a ttl of ${ttl}`, async ({ store }) => {
      await store.set('a', 'one', { ttl });
      await assertEntry(store, 'a', { value: 'one' });
    });
  }

  for (const ttl of [MINUTE, MINUTE + 0.25, 400 * 24 * HOUR, 1e14]) {
    test(`stores a ttl of ${ttl} ms from the clock of the store`, async ({ store }) => {
      await store.set('a', 'one', { ttl });
      await assertEntry(store, 'a', { value: 'one', ttl });
    });
  }

  test('replaces value and expiry by set', async ({ store }) => {
    await store.set('a', 'one', { ttl: MINUTE });
    await store.set('a', 'two', { ttl: 2 * MINUTE });
    await assertEntry(store, 'a', { value: 'two', ttl: 2 * MINUTE });
    await store.set('a', 'three');
    await assertEntry(store, 'a', { value: 'three' });
  });

  test('writes over an expired entry as if it were not there', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.set('a', 'one', { ttl: shortTtl });
    await expire();
    await store.set('a', 'two');
    await assertEntry(store, 'a', { value: 'two' });
  });

  test('tells by delete whether a live entry was there', async ({ store }) => {
    await store.set('a', 'one');
    await store.set('b', 'two');
    assert.equal(await store.delete('a'), true);
    assert.equal(await store.delete('a'), false);
    assert.equal(await store.delete('never'), false);
    assert.equal(await textOf(store, 'a'), undefined);
    assert.equal(await textOf(store, 'b'), 'two');
  });

  test('takes keys of the greatest length and of any Unicode plane', async ({ store }) => {
    const longest = 'k'.repeat(features.maxKeyBytes);
    const keys = [longest, '\u{1F600}', '\uFFFF', '\u{10FFFF}', '%_\\\'"; --', '\u0001', '\n'];
    for (const key of keys) await store.set(key, key);
    for (const key of keys) assert.equal(await textOf(store, key), key);
  });

  test('keeps composed and decomposed characters apart', async ({ store }) => {
    await store.set('\u00e9', 'composed');
    await store.set('e\u0301', 'decomposed');
    assert.equal(await textOf(store, '\u00e9'), 'composed');
    assert.equal(await textOf(store, 'e\u0301'), 'decomposed');
  });

  if (features.owners) {
    test('replaces the owner by set', async ({ store }) => {
      await store.set('a', 'one', { owner: 'alice' });
      assert.equal((await entryOf(store, 'a')).owner, 'alice');
      await store.set('a', 'two', { owner: 'bob' });
      assert.equal((await entryOf(store, 'a')).owner, 'bob');
      await store.set('a', 'three');
      assert.equal((await entryOf(store, 'a')).owner, undefined);
    });
  }
};
