import assert from 'node:assert/strict';
import type { KeyValueStore } from '../../interfaces/key-value-store.interface.js';
import { assertEntry, collect, HOUR, keysOfEntries, outcomeOf, textOf } from './helpers.js';
import type { Section } from './section.js';

/** An expired entry is invisible at once to every method, swept or not. */
export const expirySection: Section = (test, features) => {
  const methods: [string, (store: KeyValueStore) => Promise<unknown>, unknown][] = [
    ['get', (store) => store.get('p:old'), undefined],
    ['getMany', async (store) => [...(await store.getMany(['p:old', 'p:new'])).keys()], ['p:new']],
    ['getEntry', (store) => store.getEntry('p:old'), undefined],
    ['delete', (store) => store.delete('p:old'), false],
    ['deleteMany', (store) => store.deleteMany(['p:old', 'p:new']), 1],
    ['touch', (store) => store.touch('p:old', HOUR), false],
    ['setIfAbsent', (store) => store.setIfAbsent('p:old', '8'), true],
    ['setIfPresent', (store) => store.setIfPresent('p:old', '8'), false],
    ['move', (store) => store.move('p:old', 'p:moved', '8'), false],
    ['getAndDelete', (store) => store.getAndDelete('p:old'), undefined],
    ['compareAndSet', (store) => store.compareAndSet('p:old', '7', '8'), false],
    ['update', (store) => store.update('p:old', () => '8'), undefined],
    ['increment', (store) => store.increment('p:old'), 1],
    ['scan', (store) => collect(store.scan('p:')), ['p:new']],
    ['scanEntries', (store) => keysOfEntries(store, { prefix: 'p:' }), ['p:new']],
    ['count', (store) => store.count({ prefix: 'p:' }), 1],
    ['scan of all', (store) => collect(store.scan('')), ['p:new']],
  ];
  const ownerMethods: typeof methods = [
    ['scanOwner', (store) => collect(store.scanOwner('alice')), ['p:new']],
    ['count of an owner', (store) => store.count({ owner: 'alice' }), 1],
    ['deleteOwner', (store) => store.deleteOwner('alice'), 1],
  ];

  for (const [method, call, result] of features.owners ? [...methods, ...ownerMethods] : methods) {
    test(`${method} does not see an expired entry`, async ({ store, shortTtl, expire }) => {
      const owner = features.owners ? 'alice' : undefined;
      await store.set('p:old', '7', { ttl: shortTtl, owner });
      await store.set('p:new', '7', { ttl: HOUR, owner });
      await expire();
      assert.deepEqual(await call(store), result);
    });
  }

  for (const part of [0.001, 0.5, 1]) {
    test(`hides an entry as soon as ${part} of the time has passed`, async (subject) => {
      const { store, shortTtl, expire } = subject;
      await store.set('a', 'one', { ttl: shortTtl * part });
      await store.set('b', 'two', { ttl: HOUR });
      await expire();
      assert.equal(await textOf(store, 'a'), undefined);
      assert.equal(await store.setIfAbsent('a', 'three'), true);
      assert.equal(await textOf(store, 'a'), 'three');
      assert.equal(await textOf(store, 'b'), 'two');
    });
  }

  test('keeps an entry until its expiry', async ({ store, age }) => {
    await store.set('a', 'one', { ttl: HOUR });
    await age();
    assert.equal(await textOf(store, 'a'), 'one');
  });

  test('hides an entry that a touch gave a short life', async ({ store, shortTtl, expire }) => {
    await store.set('a', 'one', { ttl: HOUR });
    await store.touch('a', shortTtl);
    await expire();
    assert.equal(await textOf(store, 'a'), undefined);
    assert.equal(await store.touch('a', HOUR), false);
  });

  test('counts a ttl from the call', async ({ store, age }) => {
    await store.set('a', 'one', { ttl: HOUR });
    await age();
    await store.set('b', 'two', { ttl: HOUR });
    await store.touch('a', HOUR);
    await assertEntry(store, 'a', { value: 'one', ttl: HOUR });
    await assertEntry(store, 'b', { value: 'two', ttl: HOUR });
  });

  const badTtls: [number, string][] = [
    [Number.NaN, 'TypeError'],
    [Number.POSITIVE_INFINITY, 'TypeError'],
    [Number.NEGATIVE_INFINITY, 'TypeError'],
    [1e14 + 1, 'RangeError'],
    [Number.MAX_VALUE, 'RangeError'],
  ];
  for (const [ttl, kind] of badTtls) {
    test(`refuses a ttl of ${ttl}`, async ({ store }) => {
      await store.set('a', 'one');
      const calls: (() => Promise<unknown>)[] = [
        () => store.set('a', 'two', { ttl }),
        () => store.setMany([['a', 'two']], { ttl }),
        () => store.touch('a', ttl),
        () => store.setIfAbsent('b', 'two', { ttl }),
        () => store.setIfPresent('a', 'two', { ttl }),
        () => store.move('a', 'b', 'two', { ttl }),
        () => store.compareAndSet('a', 'one', 'two', { ttl }),
        () => store.update('a', () => 'two', { ttl }),
        () => store.increment('n', { ttl }),
      ];
      for (const call of calls) {
        assert.equal(await outcomeOf(call), kind);
      }
      assert.equal(await textOf(store, 'a'), 'one');
      assert.deepEqual(await collect(store.scan('')), ['a']);
    });
  }
};
