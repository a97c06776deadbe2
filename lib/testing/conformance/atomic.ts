import assert from 'node:assert/strict';
import { assertEntry, bytes, HOUR, MINUTE, range, textOf } from './helpers.js';
import type { Section } from './section.js';

const CALLERS = 64;

/** setIfAbsent, getAndDelete and compareAndSet. */
export const atomicSection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;
  const other = features.owners ? 'bob' : undefined;

  test('sets an absent entry whole', async ({ store }) => {
    assert.equal(await store.setIfAbsent('a', 'one', { ttl: MINUTE, owner }), true);
    await assertEntry(store, 'a', { value: 'one', ttl: MINUTE, owner });
    assert.equal(await store.setIfAbsent('b', 'two'), true);
    await assertEntry(store, 'b', { value: 'two' });
  });

  test('leaves a live entry as it is', async ({ store, age }) => {
    await store.set('a', 'one', { ttl: HOUR, owner });
    const passed = await age();
    assert.equal(await store.setIfAbsent('a', 'two', { owner: other }), false);
    await assertEntry(store, 'a', { value: 'one', ttl: HOUR - passed, owner });
  });

  test('takes an expired entry for absent, and replaces it whole', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.set('a', 'one', { ttl: shortTtl, owner });
    await expire();
    assert.equal(await store.setIfAbsent('a', 'two'), true);
    await assertEntry(store, 'a', { value: 'two' });
  });

  test('lets exactly one of many callers set', async ({ store }) => {
    const wins = await Promise.all(range(CALLERS).map((i) => store.setIfAbsent('a', `v${i}`)));
    assert.equal(wins.filter(Boolean).length, 1);
    assert.equal(await textOf(store, 'a'), `v${wins.indexOf(true)}`);
  });

  test('lets exactly one of many callers set where an entry has expired', async ({
    store,
    rival,
    shortTtl,
    expire,
  }) => {
    await store.set('a', 'old', { ttl: shortTtl });
    await expire();
    const callers = range(CALLERS).map((i) => (i % 2 ? rival : store).setIfAbsent('a', `v${i}`));
    const wins = await Promise.all(callers);
    assert.equal(wins.filter(Boolean).length, 1);
    assert.equal(await textOf(store, 'a'), `v${wins.indexOf(true)}`);
  });

  test('gets and deletes an entry', async ({ store, shortTtl, expire }) => {
    await store.set('a', 'one');
    await store.set('old', 'gone', { ttl: shortTtl });
    await expire();
    assert.deepEqual(await store.getAndDelete('a'), bytes('one'));
    assert.equal(await store.getAndDelete('a'), undefined);
    assert.equal(await store.getAndDelete('old'), undefined);
  });

  test('gives the value to exactly one of many callers', async ({ store, rival }) => {
    for (const round of range(10)) {
      await store.set('a', `token${round}`);
      const callers = range(CALLERS).map((i) => (i % 2 ? rival : store).getAndDelete('a'));
      const values = (await Promise.all(callers)).filter((value) => value !== undefined);
      assert.deepEqual(values, [bytes(`token${round}`)]);
    }
  });

  test('replaces what was expected, and keeps the rest', async ({ store, age }) => {
    await store.set('a', 'one', { ttl: HOUR, owner });
    const passed = await age();
    assert.equal(await store.compareAndSet('a', bytes('one'), 'two'), true);
    await assertEntry(store, 'a', { value: 'two', ttl: HOUR - passed, owner });
    assert.equal(await store.compareAndSet('a', 'two', Uint8Array.of(3)), true);
    assert.deepEqual(await store.get('a'), Buffer.of(3));
  });

  test('compares byte for byte', async ({ store }) => {
    await store.set('a', Buffer.of(0, 255, 1));
    for (const wrong of [Buffer.of(0, 255), Buffer.of(0, 255, 1, 0), Buffer.of(0, 255, 2), '']) {
      assert.equal(await store.compareAndSet('a', wrong, 'lost'), false);
    }
    assert.deepEqual(await store.get('a'), Buffer.of(0, 255, 1));
    assert.equal(await store.compareAndSet('a', Buffer.of(0, 255, 1), ''), true);
    assert.equal(await store.compareAndSet('a', '', 'from empty'), true);
    assert.equal(await textOf(store, 'a'), 'from empty');
  });

  test('sets a new expiry by compareAndSet when asked', async ({ store }) => {
    await store.set('a', 'one', { ttl: MINUTE, owner });
    assert.equal(await store.compareAndSet('a', 'one', 'two', { ttl: 5 * MINUTE }), true);
    await assertEntry(store, 'a', { value: 'two', ttl: 5 * MINUTE, owner });
    assert.equal(await store.compareAndSet('a', 'two', 'three', { ttl: 0 }), true);
    await assertEntry(store, 'a', { value: 'three', owner });
  });

  test('never creates by compareAndSet', async ({ store, shortTtl, expire }) => {
    await store.set('old', 'one', { ttl: shortTtl });
    await expire();
    assert.equal(await store.compareAndSet('old', 'one', 'two'), false);
    assert.equal(await store.compareAndSet('absent', '', 'two'), false);
    assert.equal(await textOf(store, 'old'), undefined);
  });

  test('lets exactly one of many compareAndSets win', async ({ store, rival }) => {
    await store.set('a', 'start');
    const wins = await Promise.all(
      range(CALLERS).map((i) => (i % 2 ? rival : store).compareAndSet('a', 'start', `v${i}`)),
    );
    assert.equal(wins.filter(Boolean).length, 1);
    assert.equal(await textOf(store, 'a'), `v${wins.indexOf(true)}`);
  });
};
