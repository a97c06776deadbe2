import assert from 'node:assert/strict';
import { assertEntry, bytes, collect, HOUR, MINUTE, range, textOf } from './helpers.js';
import type { Section } from './section.js';

const CALLERS = 64;

/** move: the live entry `from` goes, and `to` is written whole. */
export const moveSection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;

  test('takes the one entry out and writes the other one whole', async ({ store }) => {
    await store.set('old', 'one', { owner });
    assert.equal(await store.move('old', 'new', bytes('two'), { ttl: HOUR, owner }), true);
    assert.deepEqual(await collect(store.scan('')), ['new']);
    await assertEntry(store, 'new', { value: 'two', ttl: HOUR, owner });
  });

  test('gives the new entry neither expiry nor owner of the old one', async ({ store }) => {
    await store.set('old', 'one', { ttl: MINUTE, owner });
    await store.move('old', 'new', 'two');
    await assertEntry(store, 'new', { value: 'two' });
  });

  test('writes nothing where no live entry is to be moved, and tells so', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.set('expired', 'gone', { ttl: shortTtl });
    await expire();
    await store.set('kept', 'as it is', { ttl: MINUTE, owner });
    for (const from of ['expired', 'absent']) {
      assert.equal(await store.move(from, 'kept', 'lost'), false);
      assert.equal(await store.move(from, 'new', 'lost'), false);
      assert.equal(await store.move(from, from, 'lost'), false);
    }
    await assertEntry(store, 'kept', { value: 'as it is', ttl: MINUTE, owner });
    assert.deepEqual(await collect(store.scan('')), ['kept']);
  });

  for (const state of ['live', 'expired']) {
    test(`replaces an entry that is there already, ${state}`, async ({
      store,
      shortTtl,
      expire,
    }) => {
      await store.set('old', 'one');
      await store.set('new', 'before', { ttl: state === 'live' ? HOUR : shortTtl, owner });
      if (state === 'expired') await expire();
      assert.equal(await store.move('old', 'new', 'two'), true);
      await assertEntry(store, 'new', { value: 'two' });
      assert.deepEqual(await collect(store.scan('')), ['new']);
    });
  }

  test('onto itself replaces a live entry whole', async ({ store }) => {
    await store.set('a', 'one', { owner });
    assert.equal(await store.move('a', 'a', 'two', { ttl: HOUR }), true);
    await assertEntry(store, 'a', { value: 'two', ttl: HOUR });
  });

  test('lets exactly one of many callers move', async ({ store, rival }) => {
    for (const round of range(5)) {
      await store.set('old', `token${round}`);
      const moved = await Promise.all(
        range(CALLERS).map((i) => (i % 2 ? rival : store).move('old', `new${i}`, `of ${i}`)),
      );
      assert.equal(moved.filter(Boolean).length, 1);
      const winner = `new${moved.indexOf(true)}`;
      assert.deepEqual(await collect(store.scan('')), [winner]);
      assert.equal(await textOf(store, winner), `of ${moved.indexOf(true)}`);
      await store.delete(winner);
    }
  });

  test('takes its place in the order of both keys', async ({ store }) => {
    const results = await Promise.all([
      store.move('a', 'b', 'never'),
      store.set('a', 'one'),
      store.set('b', 'before'),
      store.move('a', 'b', 'two'),
      store.get('a'),
      store.get('b').then(String),
      store.move('b', 'a', 'three'),
      store.increment('b'),
      store.getAndDelete('a').then(String),
      store.move('a', 'b', 'never'),
      store.get('b').then(String),
    ]);
    assert.deepEqual(results, [
      false, undefined, undefined, true, undefined, 'two', true, 1, 'three', false, '1',
    ]); // prettier-ignore
  });

  test('takes an entry round through many keys', async ({ store }) => {
    const keys = range(20).map((i) => `k${i}`);
    await store.set('k0', 'start');
    const moves = range(100).map((i) => store.move(keys[i % 20], keys[(i + 1) % 20], `step ${i}`));
    assert.deepEqual(
      await Promise.all(moves),
      range(100).map(() => true),
    );
    assert.deepEqual(await collect(store.scan('')), ['k0']);
    assert.equal(await textOf(store, 'k0'), 'step 99');
  });

  test('crosses another one without loss', async ({ store, rival }) => {
    for (const round of range(5)) {
      await store.setMany([['a', 'one'], ['b', 'one']]); // prettier-ignore
      // Whichever goes second finds the entry that the first one wrote.
      const both = await Promise.all([
        store.move('a', 'b', `ab ${round}`),
        rival.move('b', 'a', `ba ${round}`),
      ]);
      assert.deepEqual(both, [true, true]);
      assert.equal((await collect(store.scan(''))).length, 1);
      await store.deleteMany(['a', 'b']);
    }
  });

  test('keeps within a namespace', async ({ store }) => {
    const view = store.namespace('n:');
    await store.set('a', 'outside');
    await view.set('a', 'inside');
    assert.equal(await view.move('a', 'b', 'moved'), true);
    assert.equal(await view.move('a', 'b', 'never'), false);
    assert.deepEqual(await collect(store.scan('')), ['a', 'n:b']);
  });

  if (features.owners) {
    test('waits for a deletion of the owner that it gives', async ({ store }) => {
      await store.setMany([['a', '1'], ['b', '1']], { owner }); // prettier-ignore
      const results = await Promise.all([
        store.deleteOwner('alice', { except: ['b'] }),
        store.move('a', 'c', '2', { owner }),
        store.move('b', 'd', '2', { owner }),
      ]);
      assert.deepEqual(results, [1, false, true]);
      assert.deepEqual(await collect(store.scanOwner('alice')), ['d']);
    });
  }
};
