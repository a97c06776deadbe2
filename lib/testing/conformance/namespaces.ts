import assert from 'node:assert/strict';
import { collect, MANY, MINUTE, numbered, outcomeOf, textOf } from './helpers.js';
import type { Section } from './section.js';

const PREFIXES = ['n:', '%', '_', '\\', '\ud7ff', '\uffff', '\u{10ffff}', "'"];

/** namespace: a view in which every key and prefix is under its prefix. */
export const namespaceSection: Section = (test, features) => {
  test('puts its prefix before every key', async ({ store }) => {
    const view = store.namespace('n:');
    await view.set('a', 'one');
    await view.setMany([['b', 'two']]);
    await view.setIfAbsent('c', 'three');
    await view.increment('d');
    assert.deepEqual(await collect(store.scan('')), ['n:a', 'n:b', 'n:c', 'n:d']);
    assert.equal(await textOf(store, 'n:a'), 'one');
    await store.set('n:e', 'five');
    assert.equal((await view.get('e'))?.toString(), 'five');
  });

  test('answers every method in its own keys', async ({ store }) => {
    const view = store.namespace('n:');
    await store.set('a', 'outside');
    await view.setMany([['a', 'one'], ['b', '2'], ['c', 'three']]); // prettier-ignore
    assert.deepEqual([...(await view.getMany(['a', 'b', 'n:a'])).keys()].sort(), ['a', 'b']);
    assert.deepEqual(await collect(view.scan('')), ['a', 'b', 'c']);
    assert.deepEqual(await collect(view.scan('b')), ['b']);
    assert.equal((await view.getEntry('a'))?.value.toString(), 'one');
    assert.equal(await view.getEntry('n:a'), undefined);
    assert.equal(await view.touch('a', MINUTE), true);
    assert.equal(await view.setIfPresent('a', 'one'), true);
    assert.equal(await view.setIfPresent('n:a', 'none'), false);
    assert.equal(await view.compareAndSet('a', 'one', 'two'), true);
    assert.equal(await view.increment('b'), 3);
    assert.equal((await view.update('c', () => 'four'))?.toString(), 'four');
    assert.equal((await view.getAndDelete('c'))?.toString(), 'four');
    assert.equal(await view.delete('a'), true);
    assert.equal(await view.deleteMany(['b', 'a']), 1);
    assert.deepEqual(await collect(store.scan('')), ['a']);
    assert.equal(await textOf(store, 'a'), 'outside');
  });

  test('nests', async ({ store }) => {
    const inner = store.namespace('n:').namespace('m:');
    await inner.set('a', 'one');
    await store.namespace('n:').set('b', 'two');
    assert.deepEqual(await collect(inner.scan('')), ['a']);
    assert.deepEqual(await collect(store.namespace('n:').scan('')), ['b', 'm:a']);
    assert.deepEqual(await collect(store.scan('')), ['n:b', 'n:m:a']);
    await inner.deletePrefix('');
    assert.deepEqual(await collect(store.scan('')), ['n:b']);
  });

  for (const prefix of PREFIXES) {
    test(`deletes by prefix within ${JSON.stringify(prefix)} alone`, async ({ store }) => {
      const outside = ['n', 'm', 'o', 'n;', 'zz', '\ue000', '\u{10fffe}', 'a'];
      const inside = ['a', 'a%', '\u{10ffff}', 'b'];
      await store.setMany(
        [...outside, ...inside.map((key) => prefix + key)].map((key) => [key, 'x']),
      );
      const view = store.namespace(prefix);
      await view.deletePrefix('a');
      assert.deepEqual(await collect(view.scan('')), ['b', '\u{10ffff}']);
      await view.deletePrefix('');
      assert.deepEqual(await collect(view.scan('')), []);
      assert.deepEqual((await collect(store.scan(''))).sort(), [...outside].sort());
    });
  }

  test('scans more keys than a page holds', async ({ store }) => {
    const view = store.namespace('n:');
    const keys = numbered('k', MANY);
    await view.setMany(keys.map((key) => [key, 'x']));
    assert.deepEqual(await collect(view.scan('')), keys);
  });

  test('counts its prefix into the length of a key', async ({ store }) => {
    const view = store.namespace('n:');
    const longest = 'k'.repeat(features.maxKeyBytes - 2);
    await view.set(longest, 'x');
    assert.equal(await outcomeOf(() => view.set(`${longest}k`, 'x')), 'RangeError');
    assert.deepEqual(await collect(view.scan('')), [longest]);
  });

  test('refuses an empty key, though its prefix would make one', async ({ store }) => {
    const view = store.namespace('n:');
    assert.equal(await outcomeOf(() => view.set('', 'x')), 'TypeError');
    assert.deepEqual(await collect(store.scan('')), []);
  });

  test('keeps the order of calls made through it and past it', async ({ store }) => {
    const view = store.namespace('n:');
    const [, first, , second] = await Promise.all([
      store.set('n:a', 'one'),
      view.get('a'),
      view.set('a', 'two'),
      store.get('n:a'),
      view.deletePrefix(''),
      store.set('n:b', 'after'),
    ]);
    assert.deepEqual(
      [first, second].map((value) => value?.toString()),
      ['one', 'two'],
    );
    assert.deepEqual(await collect(store.scan('n:')), ['n:b']);
  });

  if (features.owners) {
    test('sees the owners within it', async ({ store }) => {
      const view = store.namespace('n:');
      await store.set('a', 'x', { owner: 'alice' });
      await view.set('a', 'x', { owner: 'alice' });
      await view.set('b', 'x', { owner: 'alice' });
      await view.namespace('m:').set('c', 'x', { owner: 'alice' });
      await view.set('d', 'x', { owner: 'bob' });
      assert.deepEqual((await collect(view.scanOwner('alice'))).sort(), ['a', 'b', 'm:c']);
      assert.equal(await view.deleteOwner('alice', { except: ['b'] }), 2);
      assert.deepEqual(await collect(store.scan('')), ['a', 'n:b', 'n:d']);
      assert.deepEqual((await collect(store.scanOwner('alice'))).sort(), ['a', 'n:b']);
      assert.equal(await store.namespace('o:').deleteOwner('alice'), 0);
      assert.equal(await store.deleteOwner('alice', { except: ['b'] }), 2);
      assert.deepEqual(await collect(store.scan('')), ['n:d']);
    });
  }
};
