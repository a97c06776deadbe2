import assert from 'node:assert/strict';
import {
  assertEntry,
  byBytes,
  bytes,
  entryOf,
  MANY,
  MINUTE,
  numbered,
  outcomeOf,
  textOf,
} from './helpers.js';
import type { Section } from './section.js';

const textsOf = (found: Map<string, Buffer>): [string, string][] =>
  [...found]
    .map(([key, value]): [string, string] => [key, value.toString()])
    .sort(([a], [b]) => byBytes(a, b));

/** getMany, setMany and deleteMany. */
export const manySection: Section = (test, features) => {
  test('gets the live entries of many keys', async ({ store, shortTtl, expire }) => {
    await store.setMany([
      ['a', 'one'],
      ['b', bytes('two')],
    ]);
    await store.setMany([['old', 'gone']], { ttl: shortTtl });
    await expire();
    const found = await store.getMany(['b', 'absent', 'a', 'old', 'b']);
    assert.ok(found instanceof Map);
    assert.deepEqual(textsOf(found), [
      ['a', 'one'],
      ['b', 'two'],
    ]);
  });

  test('does nothing with no keys', async ({ store }) => {
    await store.set('a', 'one');
    assert.deepEqual(await store.getMany([]), new Map());
    assert.equal(await store.setMany([]), undefined);
    assert.equal(await store.deleteMany([]), 0);
    assert.equal(await textOf(store, 'a'), 'one');
  });

  test('sets many entries whole, with one ttl', async ({ store }) => {
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
      await assertEntry(store, key, { value, ttl: MINUTE });
    }
    await store.setMany([['a', 'forever']]);
    await assertEntry(store, 'a', { value: 'forever' });
  });

  test('lets the last of a repeated key count', async ({ store }) => {
    await store.setMany([
      ['a', 'one'],
      ['b', 'two'],
      ['a', 'three'],
      ['a', 'four'],
    ]);
    assert.deepEqual(textsOf(await store.getMany(['a', 'b'])), [
      ['a', 'four'],
      ['b', 'two'],
    ]);
  });

  test('takes any iterable of entries, once', async ({ store }) => {
    function* entries(): Generator<[string, string]> {
      yield ['a', 'one'];
      yield ['b', 'two'];
    }
    await store.setMany(entries());
    assert.equal(textsOf(await store.getMany(['a', 'b'])).length, 2);
  });

  test('sets, gets and deletes more than a batch holds', async ({ store }) => {
    const keys = numbered('bulk', MANY);
    await store.setMany(keys.map((key) => [key, key]));
    const found = await store.getMany(keys);
    assert.equal(found.size, MANY);
    assert.equal(
      keys.every((key) => found.get(key)?.equals(bytes(key))),
      true,
    );
    assert.equal(await store.deleteMany(keys.slice(1)), MANY - 1);
    assert.deepEqual([...(await store.getMany(keys)).keys()], [keys[0]]);
  });

  test('counts by deleteMany the live entries, each once', async ({ store, shortTtl, expire }) => {
    await store.setMany([
      ['a', 'one'],
      ['b', 'two'],
      ['stays', 'here'],
    ]);
    await store.set('old', 'gone', { ttl: shortTtl });
    await expire();
    assert.equal(await store.deleteMany(['a', 'a', 'b', 'absent', 'old']), 2);
    assert.deepEqual(textsOf(await store.getMany(['a', 'b', 'stays', 'old'])), [['stays', 'here']]);
  });

  test('writes nothing when one entry is no entry', async ({ store }) => {
    const bad: [string, string][] = [
      ['a', 'one'],
      ['', 'empty key'],
    ];
    assert.notEqual(await outcomeOf(() => store.setMany(bad)), 'fulfilled');
    assert.equal(await textOf(store, 'a'), undefined);
  });

  if (features.owners) {
    test('replaces the owners by setMany', async ({ store }) => {
      await store.set('a', 'one', { owner: 'alice' });
      await store.set('b', 'two', { owner: 'alice' });
      await store.setMany([['a', 'three']], { owner: 'bob' });
      await store.setMany([['b', 'four']]);
      assert.equal((await entryOf(store, 'a')).owner, 'bob');
      assert.equal((await entryOf(store, 'b')).owner, undefined);
    });
  }
};
