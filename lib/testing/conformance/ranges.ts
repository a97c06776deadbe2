import assert from 'node:assert/strict';
import { collect, entriesOf, MANY, numbered, range } from './helpers.js';
import type { Section } from './section.js';

/**
 * A range call waits for the earlier writes that it can meet, and only later writes that it can meet wait
 * for it. Reads wait for none.
 */
export const rangeOrderSection: Section = (test, features) => {
  test('deletePrefix deletes what was written before, and nothing written after', async ({
    store,
  }) => {
    await Promise.all([
      store.set('a:1', 'before'),
      store.set('b:1', 'before'),
      store.deletePrefix('a:'),
      store.set('a:2', 'after'),
    ]);
    assert.deepEqual(await collect(store.scan('')), ['a:2', 'b:1']);
  });

  test('deletePrefix keeps its place among many writes, again and again', async ({ store }) => {
    for (const round of range(20)) {
      for (const i of range(20)) void store.set(`a:${i}`, 'deleted');
      const deleted = store.deletePrefix(round % 2 ? 'a:' : '');
      void store.set('a:7', `${round}`);
      void store.set(`b:${round}`, 'kept until the next empty prefix');
      const value = store.get('a:7');
      await deleted;
      assert.equal((await value)?.toString(), `${round}`);
    }
    assert.deepEqual(await collect(store.scan('')), ['a:7', 'b:18', 'b:19']);
  });

  test('the empty prefix empties the table between writes', async ({ store }) => {
    const results = await Promise.all([
      store.set('a', '1'),
      store.deletePrefix(''),
      store.setIfAbsent('a', '2'),
      store.increment('a'),
      store.deletePrefix(''),
      store.increment('a'),
    ]);
    assert.deepEqual(results, [undefined, undefined, true, 3, undefined, 1]);
  });

  test('deletePrefix orders against writes of many keys', async ({ store }) => {
    const keys = numbered('a:', MANY);
    const [, , , count] = await Promise.all([
      store.setMany(entriesOf(keys)),
      store.deletePrefix('a:0'),
      store.setMany(entriesOf(keys.slice(0, 3))),
      store.deleteMany(keys),
    ]);
    assert.equal(count, 3 + keys.filter((key) => !key.startsWith('a:0')).length);
  });

  test('two deletions by prefix leave each other alone, and each keeps its place', async ({
    store,
  }) => {
    await Promise.all([
      store.setMany(entriesOf(['a:1', 'b:1', 'a:b:1'])),
      store.deletePrefix('a:'),
      store.deletePrefix('b:'),
      store.set('b:2', 'after'),
      store.deletePrefix('a:b:'),
      store.set('a:b:2', 'after'),
    ]);
    assert.deepEqual(await collect(store.scan('')), ['a:b:2', 'b:2']);
  });

  test('a scan sees what was written before it', async ({ store }) => {
    void store.setMany(entriesOf(['a:1', 'a:2']));
    void store.touch('a:1', 60_000);
    void store.delete('a:2');
    void store.set('a:3', 'x');
    void store.deletePrefix('a:3');
    void store.set('b:1', 'x');
    assert.deepEqual(await collect(store.scan('a:')), ['a:1']);
  });

  test('a scan that is not read to its end holds nobody up', async ({ store }) => {
    await store.setMany(entriesOf(['a:1', 'a:2']));
    const keys = store.scan('a:')[Symbol.asyncIterator]();
    assert.deepEqual(await keys.next(), { done: false, value: 'a:1' });
    await store.deletePrefix('a:');
    await store.set('a:3', 'x');
    await keys.return?.();
    assert.deepEqual(await collect(store.scan('a:')), ['a:3']);
  });

  if (features.owners) {
    test('deleteOwner deletes what was written before, and nothing written after', async ({
      store,
    }) => {
      const owner = 'alice';
      const results = await Promise.all([
        store.set('a', '1', { owner }),
        store.setMany(entriesOf(['b', 'c']), { owner }),
        store.deleteOwner(owner, { except: ['c'] }),
        store.set('a', '2', { owner }),
        store.setIfAbsent('b', '2', { owner }),
        store.set('c', '2', { owner: 'bob' }),
      ]);
      assert.deepEqual(results, [undefined, undefined, 2, undefined, true, undefined]);
      assert.deepEqual(await collect(store.scan('')), ['a', 'b', 'c']);
      assert.equal(await store.deleteOwner(owner), 2);
    });

    test('scanOwner sees what was written before it', async ({ store }) => {
      void store.set('a', '1', { owner: 'alice' });
      void store.set('b', '1', { owner: 'alice' });
      void store.set('a', '1', { owner: 'bob' });
      assert.deepEqual(await collect(store.scanOwner('alice')), ['b']);
    });
  }
};
