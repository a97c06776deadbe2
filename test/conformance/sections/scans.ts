import { expect, it } from '@jest/globals';
import { byBytes, bytes, collect, MANY, numbered, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

/** scan: live keys in byte order, in pages. */
export const scanSection: Section = (current) => {
  it('gives the keys under a prefix in byte order', async () => {
    const { store } = current();
    const keys = [
      'Z',
      'a',
      'B',
      'b',
      '\u00e9',
      'e',
      '\uffff',
      '\u{10000}',
      '\ue000',
      '_',
      '%',
      'a b',
      'a-b',
      'ab',
    ];
    await store.setMany(keys.map((key) => [`k${key}`, 'x']));
    await store.setMany([
      ['j', 'before'],
      ['k', 'the prefix itself'],
      ['l', 'after'],
    ]);
    const expected = ['k', ...keys.map((key) => `k${key}`)].sort(byBytes);
    expect(await collect(store.scan('k'))).toEqual(expected);
    expect(await collect(store.scan(''))).toEqual(['j', ...expected, 'l']);
  });

  it('gives nothing where there is nothing', async () => {
    const { store } = current();
    expect(await collect(store.scan(''))).toEqual([]);
    await store.set('a', 'x');
    expect(await collect(store.scan('b'))).toEqual([]);
  });

  it('gives all of more keys than a page holds, each once', async () => {
    const { store } = current();
    const keys = numbered('page', MANY);
    await store.setMany(keys.map((key) => [key, 'x']));
    await store.setMany([['page00007x', 'old']], { ttl: MINUTE });
    await current().expire('page00007x');
    expect(await collect(store.scan('page'))).toEqual(keys);
    expect(await collect(store.scan('page0001'))).toEqual(keys.slice(10, 20));
  });

  it('sees no key that was deleted before its page was read', async () => {
    const { store } = current();
    const keys = numbered('page', MANY);
    await store.setMany(keys.map((key) => [key, 'x']));
    const seen: string[] = [];
    for await (const key of store.scan('page')) {
      if (seen.length === 0) await store.delete(keys[MANY - 1]);
      seen.push(key);
    }
    expect(seen).toEqual(keys.slice(0, -1));
  });

  it('can be left early', async () => {
    const { store } = current();
    await store.setMany(numbered('page', MANY).map((key) => [key, 'x']));
    for (let round = 0; round < 30; round++) {
      for await (const key of store.scan('page')) {
        expect(key).toBe('page00000');
        break;
      }
    }
    expect(await store.get('page00000')).toEqual(bytes('x'));
  });

  it('lets its keys be changed on the way', async () => {
    const { store } = current();
    await store.setMany(numbered('k', 20).map((key) => [key, 'x']));
    for await (const key of store.scan('k')) {
      await store.set(key, 'seen');
      await store.delete(`${key}?`);
    }
    expect(await textOf(current(), 'k00019')).toBe('seen');
  });

  it('runs beside other scans', async () => {
    const { store } = current();
    await store.setMany([...numbered('a', MANY), ...numbered('b', MANY)].map((key) => [key, 'x']));
    const scans = ['a', 'b', '', 'a', 'c'].map((prefix) => collect(store.scan(prefix)));
    expect((await Promise.all(scans)).map((keys) => keys.length)).toEqual([
      MANY,
      MANY,
      2 * MANY,
      MANY,
      0,
    ]);
  });
};
