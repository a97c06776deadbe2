import assert from 'node:assert/strict';
import {
  assertEntry,
  bytes,
  collect,
  HOUR,
  MINUTE,
  range,
  rejectionOf,
  textOf,
} from './helpers.js';
import type { Section } from './section.js';

/** setIfPresent: set, but only over a live entry, whose owner stays unless one is given. */
export const overwriteSection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;

  test('replaces value and expiry of a live entry', async ({ store }) => {
    await store.set('a', 'one', { ttl: MINUTE });
    assert.equal(await store.setIfPresent('a', bytes('two'), { ttl: HOUR }), true);
    await assertEntry(store, 'a', { value: 'two', ttl: HOUR });
  });

  for (const ttl of [undefined, 0, -1]) {
    test(`stores no expiry with a ttl of ${ttl}`, async ({ store }) => {
      await store.set('a', 'one', { ttl: MINUTE });
      assert.equal(await store.setIfPresent('a', 'two', { ttl }), true);
      await assertEntry(store, 'a', { value: 'two' });
    });
  }

  test('writes nothing where no live entry is, and tells so', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.set('old', 'gone', { ttl: shortTtl });
    await expire();
    assert.equal(await store.setIfPresent('old', 'back', { ttl: HOUR }), false);
    assert.equal(await store.setIfPresent('absent', 'new'), false);
    assert.equal(await textOf(store, 'old'), undefined);
  });

  test('tells each of many callers whether its own entry was there', async ({ store }) => {
    const keys = range(100).map((i) => `k${i}`);
    await store.setMany(keys.filter((_, i) => i % 3).map((key) => [key, 'old']));
    const written = await Promise.all(
      keys.map((key, i) => store.setIfPresent(key, `new ${key}`, { ttl: (i + 1) * MINUTE })),
    );
    assert.deepEqual(
      written,
      keys.map((_, i) => i % 3 !== 0),
    );
    for (const [i, key] of keys.entries()) {
      assert.equal(await textOf(store, key), i % 3 ? `new ${key}` : undefined);
    }
    await assertEntry(store, 'k50', { value: 'new k50', ttl: 51 * MINUTE });
  });

  test('brings nothing back that was deleted, however many overwrite it', async ({
    store,
    rival,
  }) => {
    for (const round of range(10)) {
      await store.set('a', 'live');
      const writers = range(20).map((i) => (i % 2 ? rival : store).setIfPresent('a', `${round}`));
      await rival.delete('a');
      await Promise.all(writers);
      assert.equal(await textOf(store, 'a'), undefined);
    }
  });

  test('takes its place in the order of its key', async ({ store }) => {
    const results = await Promise.all([
      store.setIfPresent('a', 'never'),
      store.set('a', 'one'),
      store.setIfPresent('a', 'two'),
      store.setIfPresent('a', 'three'),
      store.get('a').then(String),
      store.delete('a'),
      store.setIfPresent('a', 'never'),
      store.get('a'),
    ]);
    assert.deepEqual(results, [false, undefined, true, true, 'three', true, false, undefined]);
  });

  test('heeds a signal', async ({ store }) => {
    await store.set('a', 'one');
    const reason = new Error('changed my mind');
    const aborted = store.setIfPresent('a', 'two', { signal: AbortSignal.abort(reason) });
    assert.equal(await rejectionOf(aborted), reason);
    assert.equal(await textOf(store, 'a'), 'one');
    const { signal } = new AbortController();
    assert.equal(await store.setIfPresent('a', 'two', { signal }), true);
  });

  if (features.owners) {
    test('keeps the owner unless one is given', async ({ store }) => {
      await store.set('a', 'one', { owner });
      await store.setIfPresent('a', 'two', { ttl: MINUTE });
      await assertEntry(store, 'a', { value: 'two', ttl: MINUTE, owner });
      await store.setIfPresent('a', 'three', { owner: 'bob' });
      await assertEntry(store, 'a', { value: 'three', owner: 'bob' });
      assert.deepEqual(await collect(store.scanOwner('alice')), []);
      await store.set('b', 'one');
      await store.setIfPresent('b', 'two');
      await assertEntry(store, 'b', { value: 'two' });
    });

    test('keeps the owner that the call before it gives, however soon it follows', async ({
      store,
    }) => {
      const keys = range(20).map((i) => `k${i}`);
      await store.setMany(keys.map((key) => [key, 'one']));
      await Promise.all(
        keys.flatMap((key) => [
          store.setIfPresent(key, 'two', { owner }),
          store.setIfPresent(key, 'three'),
        ]),
      );
      assert.deepEqual(await collect(store.scanOwner('alice')), keys.toSorted());
      assert.equal(await textOf(store, 'k7'), 'three');
    });

    test('waits for a deletion of the owner that it gives', async ({ store }) => {
      await store.set('a', 'one', { owner });
      await store.set('b', 'one', { owner: 'bob' });
      const results = await Promise.all([
        store.deleteOwner('alice'),
        store.setIfPresent('a', 'two', { owner }),
        store.setIfPresent('b', 'two', { owner }),
      ]);
      assert.deepEqual(results, [1, false, true]);
      assert.deepEqual(await collect(store.scanOwner('alice')), ['b']);
    });
  }
};
