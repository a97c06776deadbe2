import { expect, it } from '@jest/globals';
import { collect, MANY, numbered, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

const PREFIXES = ['n:', '%', '_', '\\', '\ud7ff', '\uffff', '\u{10ffff}', "'"];

/** namespace: a view in which every key and prefix is under its prefix. */
export const namespaceSection: Section = (current, features) => {
  it('puts its prefix before every key', async () => {
    const { store } = current();
    const view = store.namespace('n:');
    await view.set('a', 'one');
    await view.setMany([['b', 'two']]);
    await view.setIfAbsent('c', 'three');
    await view.increment('d');
    expect(await collect(store.scan(''))).toEqual(['n:a', 'n:b', 'n:c', 'n:d']);
    expect(await textOf(current(), 'n:a')).toBe('one');
    await store.set('n:e', 'five');
    expect((await view.get('e'))?.toString()).toBe('five');
  });

  it('answers every method in its own keys', async () => {
    const { store } = current();
    const view = store.namespace('n:');
    await store.set('a', 'outside');
    await view.setMany([['a', 'one'], ['b', '2'], ['c', 'three']]); // prettier-ignore
    expect([...(await view.getMany(['a', 'b', 'n:a'])).keys()].sort()).toEqual(['a', 'b']);
    expect(await collect(view.scan(''))).toEqual(['a', 'b', 'c']);
    expect(await collect(view.scan('b'))).toEqual(['b']);
    expect((await view.getEntry('a'))?.value.toString()).toBe('one');
    await expect(view.getEntry('n:a')).resolves.toBeUndefined();
    await expect(view.touch('a', MINUTE)).resolves.toBe(true);
    await expect(view.setIfPresent('a', 'one')).resolves.toBe(true);
    await expect(view.setIfPresent('n:a', 'none')).resolves.toBe(false);
    await expect(view.compareAndSet('a', 'one', 'two')).resolves.toBe(true);
    await expect(view.increment('b')).resolves.toBe(3);
    expect((await view.update('c', () => 'four'))?.toString()).toBe('four');
    expect((await view.getAndDelete('c'))?.toString()).toBe('four');
    await expect(view.delete('a')).resolves.toBe(true);
    await expect(view.deleteMany(['b', 'a'])).resolves.toBe(1);
    expect(await collect(store.scan(''))).toEqual(['a']);
    expect(await textOf(current(), 'a')).toBe('outside');
  });

  it('nests', async () => {
    const { store } = current();
    const inner = store.namespace('n:').namespace('m:');
    await inner.set('a', 'one');
    await store.namespace('n:').set('b', 'two');
    expect(await collect(inner.scan(''))).toEqual(['a']);
    expect(await collect(store.namespace('n:').scan(''))).toEqual(['b', 'm:a']);
    expect(await collect(store.scan(''))).toEqual(['n:b', 'n:m:a']);
    await inner.deletePrefix('');
    expect(await collect(store.scan(''))).toEqual(['n:b']);
  });

  it.each(PREFIXES)('deletes by prefix within %j alone', async (prefix) => {
    const { store } = current();
    const outside = ['n', 'm', 'o', 'n;', 'zz', '\ue000', '\u{10fffe}', 'a'];
    const inside = ['a', 'a%', '\u{10ffff}', 'b'];
    await store.setMany(
      [...outside, ...inside.map((key) => prefix + key)].map((key) => [key, 'x']),
    );
    const view = store.namespace(prefix);
    await view.deletePrefix('a');
    expect(await collect(view.scan(''))).toEqual(['b', '\u{10ffff}']);
    await view.deletePrefix('');
    expect(await collect(view.scan(''))).toEqual([]);
    expect((await collect(store.scan(''))).sort()).toEqual([...outside].sort());
  });

  it('scans more keys than a page holds', async () => {
    const view = current().store.namespace('n:');
    const keys = numbered('k', MANY);
    await view.setMany(keys.map((key) => [key, 'x']));
    expect(await collect(view.scan(''))).toEqual(keys);
  });

  it('counts its prefix into the length of a key', async () => {
    const { store, prefix } = current();
    const view = store.namespace('n:');
    const longest = 'k'.repeat(1_022 - Buffer.byteLength(prefix));
    await view.set(longest, 'x');
    await expect(Promise.resolve().then(() => view.set(`${longest}k`, 'x'))).rejects.toThrow(
      RangeError,
    );
    expect(await collect(view.scan(''))).toEqual([longest]);
  });

  it('refuses an empty key, though its prefix would make one', async () => {
    const view = current().store.namespace('n:');
    await expect(Promise.resolve().then(() => view.set('', 'x'))).rejects.toThrow(/key/i);
    expect(await collect(current().store.scan(''))).toEqual([]);
  });

  it('keeps the order of calls made through it and past it', async () => {
    const { store } = current();
    const view = store.namespace('n:');
    const [, first, , second] = await Promise.all([
      store.set('n:a', 'one'),
      view.get('a'),
      view.set('a', 'two'),
      store.get('n:a'),
      view.deletePrefix(''),
      store.set('n:b', 'after'),
    ]);
    expect([first, second].map((value) => value?.toString())).toEqual(['one', 'two']);
    expect(await collect(store.scan('n:'))).toEqual(['n:b']);
  });

  if (features.owners) {
    it('sees the owners within it', async () => {
      const { store } = current();
      const view = store.namespace('n:');
      await store.set('a', 'x', { owner: 'alice' });
      await view.set('a', 'x', { owner: 'alice' });
      await view.set('b', 'x', { owner: 'alice' });
      await view.namespace('m:').set('c', 'x', { owner: 'alice' });
      await view.set('d', 'x', { owner: 'bob' });
      expect((await collect(view.scanOwner('alice'))).sort()).toEqual(['a', 'b', 'm:c']);
      await expect(view.deleteOwner('alice', { except: ['b'] })).resolves.toBe(2);
      expect(await collect(store.scan(''))).toEqual(['a', 'n:b', 'n:d']);
      expect((await collect(store.scanOwner('alice'))).sort()).toEqual(['a', 'n:b']);
      await expect(store.namespace('o:').deleteOwner('alice')).resolves.toBe(0);
      await expect(store.deleteOwner('alice', { except: ['b'] })).resolves.toBe(2);
      expect(await collect(store.scan(''))).toEqual(['n:d']);
    });
  }
};
