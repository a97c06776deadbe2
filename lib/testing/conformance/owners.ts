import assert from 'node:assert/strict';
import type { KeyValueStore } from '../../interfaces/key-value-store.interface.js';
import { collect, HOUR, MANY, MINUTE, numbered, outcomeOf, textOf } from './helpers.js';
import type { Section } from './section.js';

const STRANGE = ["o'neil", 'a%b_c\\', '\u{1F600}', '\u{10ffff}', 'Ünï'];

const keysOf = (store: KeyValueStore, owner: string): Promise<string[]> =>
  collect(store.scanOwner(owner));

/** scanOwner and deleteOwner; where there are no owners, the refusal of them. */
export const ownerSection: Section = (test, features) => {
  if (!features.owners) {
    test('refuses whatever needs an owner, and says so', async ({ store }) => {
      await store.set('a', 'one');
      const owner = 'alice';
      const calls: (() => Promise<unknown>)[] = [
        () => store.set('b', 'two', { owner }),
        () => store.setMany([['b', 'two']], { owner }),
        () => store.setIfAbsent('b', 'two', { owner }),
        () => store.setIfPresent('a', 'two', { owner }),
        () => store.move('a', 'b', 'two', { owner }),
        () => collect(store.scanEntries({ owner })),
        () => store.count({ owner }),
        () => collect(store.scanOwner(owner)),
        () => store.deleteOwner(owner),
        () => store.deleteOwner(owner, { except: ['a'] }),
      ];
      for (const call of calls) {
        assert.equal(await outcomeOf(call), 'ERR_OWNER_UNSUPPORTED');
      }
      assert.deepEqual(await collect(store.scan('')), ['a']);
    });
    return;
  }

  test('gives the live keys of an owner', async ({ store, shortTtl, expire }) => {
    await store.set('a1', 'x', { owner: 'alice' });
    await store.setMany([['a2', 'x']], { owner: 'alice', ttl: HOUR });
    await store.setIfAbsent('a3', 'x', { owner: 'alice' });
    await store.set('old', 'x', { owner: 'alice', ttl: shortTtl });
    await expire();
    await store.set('b1', 'x', { owner: 'bob' });
    await store.set('n1', 'x');
    assert.deepEqual(await keysOf(store, 'alice'), ['a1', 'a2', 'a3']);
    assert.deepEqual(await keysOf(store, 'bob'), ['b1']);
    assert.deepEqual(await keysOf(store, 'nobody'), []);
    assert.deepEqual(await keysOf(store, 'Alice'), []);
  });

  test('follows an entry from owner to owner', async ({ store }) => {
    await store.set('a', '1', { owner: 'alice' });
    await store.touch('a', MINUTE);
    await store.compareAndSet('a', '1', '2');
    await store.increment('a');
    await store.update('a', () => 'x');
    assert.deepEqual(await keysOf(store, 'alice'), ['a']);
    await store.set('a', 'x', { owner: 'bob' });
    assert.deepEqual(await keysOf(store, 'alice'), []);
    assert.deepEqual(await keysOf(store, 'bob'), ['a']);
    await store.set('a', 'x');
    assert.deepEqual(await keysOf(store, 'bob'), []);
  });

  test('gives and deletes more keys than a page holds', async ({ store }) => {
    const keys = numbered('k', MANY);
    await store.setMany(
      keys.map((key) => [key, 'x']),
      { owner: 'alice' },
    );
    assert.deepEqual(await keysOf(store, 'alice'), keys);
    assert.equal(await store.deleteOwner('alice', { except: [keys[700]] }), MANY - 1);
    assert.deepEqual(await keysOf(store, 'alice'), [keys[700]]);
  });

  test('deletes the entries of an owner and counts the live ones', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.setMany([['a1', 'x'], ['a2', 'x']], { owner: 'alice' }); // prettier-ignore
    await store.set('old', 'x', { owner: 'alice', ttl: shortTtl });
    await expire();
    await store.set('b1', 'x', { owner: 'bob' });
    await store.set('n1', 'x');
    assert.equal(await store.deleteOwner('alice'), 2);
    assert.equal(await store.deleteOwner('alice'), 0);
    assert.deepEqual(await collect(store.scan('')), ['b1', 'n1']);
  });

  test('spares the exceptions', async ({ store }) => {
    await store.setMany(
      ['a1', 'a2', 'a3'].map((key) => [key, 'x']),
      { owner: 'alice' },
    );
    await store.set('b1', 'x', { owner: 'bob' });
    assert.equal(await store.deleteOwner('alice', { except: ['a2', 'b1', 'absent'] }), 2);
    assert.deepEqual(await collect(store.scan('')), ['a2', 'b1']);
    assert.equal(await store.deleteOwner('alice', { except: ['a2'] }), 0);
    assert.equal(await store.deleteOwner('alice', { except: [] }), 1);
    assert.deepEqual(await collect(store.scan('')), ['b1']);
  });

  for (const owner of STRANGE) {
    test(`takes the owner ${JSON.stringify(owner)} literally`, async ({ store }) => {
      for (const one of STRANGE) await store.set(`of ${one}`, 'x', { owner: one });
      assert.deepEqual(await keysOf(store, owner), [`of ${owner}`]);
      assert.equal(await store.deleteOwner(owner), 1);
      assert.deepEqual(await keysOf(store, owner), []);
      assert.equal((await collect(store.scan('of '))).length, STRANGE.length - 1);
    });
  }

  test('leaves an entry that changed hands before the deletion', async ({ store }) => {
    await store.set('a', 'one', { owner: 'alice' });
    const [, deleted] = await Promise.all([
      store.set('a', 'two', { owner: 'bob' }),
      store.deleteOwner('alice'),
    ]);
    assert.equal(deleted, 0);
    assert.equal(await textOf(store, 'a'), 'two');
  });
};
