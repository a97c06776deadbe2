import { expect, it } from '@jest/globals';
import {
  byBytes,
  bytes,
  expectTtl,
  MANY,
  numbered,
  outcomeOf,
  storedEntry,
  textOf,
} from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

const textsOf = (found: Map<string, Buffer>): [string, string][] =>
  [...found]
    .map(([key, value]): [string, string] => [key, value.toString()])
    .sort(([a], [b]) => byBytes(a, b));

/** getMany, setMany and deleteMany. */
export const manySection: Section = (current, features) => {
  it('gets the live entries of many keys', async () => {
    const { store } = current();
    await store.setMany([
      ['a', 'one'],
      ['b', bytes('two')],
    ]);
    await store.setMany([['old', 'gone']], { ttl: MINUTE });
    await current().expire('old');
    const found = await store.getMany(['b', 'absent', 'a', 'old', 'b']);
    expect(found).toBeInstanceOf(Map);
    expect(textsOf(found)).toEqual([
      ['a', 'one'],
      ['b', 'two'],
    ]);
  });

  it('does nothing with no keys', async () => {
    const { store } = current();
    await store.set('a', 'one');
    await expect(store.getMany([])).resolves.toEqual(new Map());
    await expect(store.setMany([])).resolves.toBeUndefined();
    await expect(store.deleteMany([])).resolves.toBe(0);
    expect(await textOf(current(), 'a')).toBe('one');
  });

  it('sets many entries whole, with one ttl', async () => {
    const { store } = current();
    await store.set('a', 'old', { ttl: 10 * MINUTE });
    await store.setMany(
      new Map([
        ['a', 'one'],
        ['b', 'two'],
      ]),
      { ttl: MINUTE },
    );
    for (const [key, value] of [
      ['a', 'one'],
      ['b', 'two'],
    ]) {
      const entry = await storedEntry(current(), key);
      expect(entry.value).toEqual(bytes(value));
      expectTtl(entry.ttl, MINUTE);
    }
    await store.setMany([['a', 'forever']]);
    expect((await storedEntry(current(), 'a')).expiresAt).toBeNull();
  });

  it('lets the last of a repeated key count', async () => {
    const { store } = current();
    await store.setMany([
      ['a', 'one'],
      ['b', 'two'],
      ['a', 'three'],
      ['a', 'four'],
    ]);
    expect(textsOf(await store.getMany(['a', 'b']))).toEqual([
      ['a', 'four'],
      ['b', 'two'],
    ]);
  });

  it('takes any iterable of entries, once', async () => {
    const { store } = current();
    function* entries(): Generator<[string, string]> {
      yield ['a', 'one'];
      yield ['b', 'two'];
    }
    await store.setMany(entries());
    expect(textsOf(await store.getMany(['a', 'b']))).toHaveLength(2);
  });

  it('sets, gets and deletes more than a batch holds', async () => {
    const { store } = current();
    const keys = numbered('bulk', MANY);
    await store.setMany(keys.map((key) => [key, key]));
    const found = await store.getMany(keys);
    expect(found.size).toBe(MANY);
    expect(keys.every((key) => found.get(key)?.equals(bytes(key)))).toBe(true);
    await expect(store.deleteMany(keys.slice(1))).resolves.toBe(MANY - 1);
    expect([...(await store.getMany(keys)).keys()]).toEqual([keys[0]]);
  });

  it('counts by deleteMany the live entries, each once', async () => {
    const { store } = current();
    await store.setMany([
      ['a', 'one'],
      ['b', 'two'],
      ['stays', 'here'],
    ]);
    await store.set('old', 'gone', { ttl: MINUTE });
    await current().expire('old');
    await expect(store.deleteMany(['a', 'a', 'b', 'absent', 'old'])).resolves.toBe(2);
    expect(textsOf(await store.getMany(['a', 'b', 'stays', 'old']))).toEqual([['stays', 'here']]);
  });

  it('writes nothing when one entry is no entry', async () => {
    const { store } = current();
    const bad: [string, string][] = [
      ['a', 'one'],
      ['', 'empty key'],
    ];
    expect(await outcomeOf(Promise.resolve().then(() => store.setMany(bad)))).not.toBe('fulfilled');
    expect(await textOf(current(), 'a')).toBeUndefined();
  });

  if (features.owners) {
    it('replaces the owners by setMany', async () => {
      const { store } = current();
      await store.set('a', 'one', { owner: 'alice' });
      await store.set('b', 'two', { owner: 'alice' });
      await store.setMany([['a', 'three']], { owner: 'bob' });
      await store.setMany([['b', 'four']]);
      expect((await storedEntry(current(), 'a')).owner).toBe('bob');
      expect((await storedEntry(current(), 'b')).owner).toBeNull();
    });
  }

  if (features.database) {
    it.each([3, MANY])('sets all of %i entries or none', async (count) => {
      const { store } = current();
      const keys = numbered('all', count);
      await store.set(keys[0], 'before');
      const entries = keys.map((key): [string, string] => [key, 'after']);
      expect(await outcomeOf(store.setMany([...entries, ['refused', 'x']]))).toBe('ERR_QUERY');
      expect(textsOf(await store.getMany(keys))).toEqual([[keys[0], 'before']]);
      await store.setMany(entries);
      expect((await store.getMany(keys)).size).toBe(count);
    });

    it.each([3, MANY])('deletes all of %i entries or none', async (count) => {
      const { store } = current();
      const keys = [...numbered('all', count), 'undeletable'];
      await store.setMany(keys.map((key) => [key, 'here']));
      expect(await outcomeOf(store.deleteMany(keys))).toBe('ERR_QUERY');
      expect((await store.getMany(keys)).size).toBe(count + 1);
    });
  }
};
