import assert from 'node:assert/strict';
import type { EntryRange } from '../../interfaces/key-value-store.interface.js';
import {
  assertTtl,
  byBytes,
  bytes,
  collect,
  HOUR,
  keysOfEntries,
  MANY,
  numbered,
  range,
} from './helpers.js';
import type { Section } from './section.js';

const prefixed = (prefix: string): EntryRange => ({ prefix });
const ownedBy = (owner: string): EntryRange => ({ owner });

/** scanEntries and count: the live entries of a prefix or an owner. */
export const entryRangeSection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;

  test('give and count nothing where nothing is', async ({ store }) => {
    await store.set('a', 'x');
    for (const prefix of ['b', 'aa']) {
      assert.deepEqual(await keysOfEntries(store, prefixed(prefix)), []);
      assert.equal(await store.count(prefixed(prefix)), 0);
    }
  });

  test('give each live entry as getEntry does, in byte order', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.set('k:old', 'x', { ttl: shortTtl });
    await expire();
    await store.set('k:b', Buffer.of(0, 255), { ttl: HOUR, owner });
    await store.setMany(['k:a', 'k:\u{10000}', 'k:\uffff', 'j', 'k;'].map((key) => [key, key]));
    const entries = await collect(store.scanEntries(prefixed('k:')));
    assert.deepEqual(
      entries.map(([key, { value, owner: its }]) => [key, value, its]),
      [
        ['k:a', bytes('k:a'), undefined],
        ['k:b', Buffer.of(0, 255), owner],
        ['k:\uffff', bytes('k:\uffff'), undefined],
        ['k:\u{10000}', bytes('k:\u{10000}'), undefined],
      ],
    );
    entries.forEach(([key, entry]) => assertTtl(entry, key === 'k:b' ? HOUR : undefined));
    assert.equal(await store.count(prefixed('k:')), 4);
    assert.equal(await store.count(prefixed('')), 6);
    assert.deepEqual(await keysOfEntries(store, prefixed('')), await collect(store.scan('')));
  });

  test('give and count all of more entries than a page holds, each once', async ({ store }) => {
    const keys = numbered('page', MANY);
    await store.setMany(keys.map((key) => [key, key]));
    const entries = await collect(store.scanEntries(prefixed('page')));
    assert.deepEqual(
      entries.map(([key, { value }]) => `${key} ${value.toString()}`),
      keys.map((key) => `${key} ${key}`),
    );
    assert.equal(await store.count(prefixed('page')), MANY);
    assert.equal(await store.count(prefixed('page0001')), 10);
  });

  test('give large values between small ones, each once', async ({ store }) => {
    const sizes = [10, 700_000, 700_000, 0, 2_000_000, 5, 1_048_576, 1, 1_048_575, 1, 1, 3_000_000];
    const keys = numbered('large', sizes.length);
    for (const [i, key] of keys.entries()) await store.set(key, Buffer.alloc(sizes[i], i));
    const entries = await collect(store.scanEntries(prefixed('large')));
    assert.deepEqual(
      entries.map(([key]) => key),
      keys,
    );
    entries.forEach(([key, { value }], i) => {
      assert.ok(value.equals(Buffer.alloc(sizes[i], i)), `the value of ${key}`);
    });
  });

  test('see what was written before them', async ({ store }) => {
    void store.setMany([['a:1', '1'], ['a:2', '1']]); // prettier-ignore
    void store.delete('a:2');
    void store.set('a:3', '1');
    void store.deletePrefix('a:3');
    void store.set('b:1', '1');
    const seen = await Promise.all([
      keysOfEntries(store, prefixed('a:')),
      store.count(prefixed('')),
    ]);
    assert.deepEqual(seen, [['a:1'], 2]);
  });

  test('can be left early, and hold nobody up', async ({ store }) => {
    await store.setMany(numbered('page', MANY).map((key) => [key, 'x']));
    for (const round of range(10)) {
      for await (const [key] of store.scanEntries(prefixed('page'))) {
        assert.equal(key, 'page00000');
        await store.set('page00001', `${round}`);
        break;
      }
    }
    assert.equal((await store.get('page00001'))?.toString(), '9');
  });

  test('keep within a namespace', async ({ store }) => {
    const view = store.namespace('n:');
    await store.set('a', 'outside');
    await view.setMany([['a', '1'], ['b', '2']]); // prettier-ignore
    const entries = await collect(view.scanEntries(prefixed('')));
    assert.deepEqual(
      entries.map(([key, { value }]) => [key, value.toString()]),
      [['a', '1'], ['b', '2']], // prettier-ignore
    );
    assert.equal(await view.count(prefixed('')), 2);
    assert.equal(await view.count(prefixed('a')), 1);
    assert.equal(await store.count(prefixed('n:a')), 1);
  });

  if (features.owners) {
    test('give and count the live entries of an owner', async ({ store, shortTtl, expire }) => {
      await store.set('mine too', 'x', { owner: 'alice', ttl: shortTtl });
      await expire();
      const keys = numbered('k', MANY).map((key, i) => `${i % 2 ? 'a' : 'b'}${key}`);
      await store.setMany(
        keys.map((key) => [key, 'x']),
        { owner: 'alice', ttl: HOUR },
      );
      await store.set('z', 'x', { owner: 'bob' });
      await store.set('y', 'x');
      assert.deepEqual(await keysOfEntries(store, ownedBy('alice')), keys.toSorted(byBytes));
      assert.equal(await store.count(ownedBy('alice')), MANY);
      assert.equal(await store.count(ownedBy('bob')), 1);
      assert.equal(await store.count(ownedBy('Alice')), 0);
      const view = store.namespace('ak');
      assert.equal(await view.count(ownedBy('alice')), MANY / 2);
      const [first] = await collect(view.scanEntries(ownedBy('alice')));
      assert.equal(first[0], '00001');
      assert.deepEqual([first[1].value, first[1].owner], [bytes('x'), 'alice']);
    });
  }
};
