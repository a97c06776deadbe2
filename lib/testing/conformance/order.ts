import assert from 'node:assert/strict';
import {
  assertEntry,
  assertTtl,
  bytes,
  entryOf,
  MINUTE,
  outcomeOf,
  range,
  textOf,
} from './helpers.js';
import type { Section } from './section.js';

/** Calls of one instance on one key take effect in the order they were made, awaited or not. */
export const orderSection: Section = (test) => {
  const text = (value: Buffer | undefined): string | undefined => value?.toString();

  test('keeps the order of sets', async ({ store }) => {
    for (const round of range(20)) {
      await Promise.all(range(20).map((i) => store.set('a', `${round}.${i}`)));
      assert.equal(await textOf(store, 'a'), `${round}.19`);
    }
  });

  test('lets each get see the set before it, and no later one', async ({ store }) => {
    const reads = range(100).map((i) => {
      void store.set('a', String(i));
      return store.get('a');
    });
    assert.deepEqual((await Promise.all(reads)).map(text), range(100).map(String));
  });

  test('keeps the order of every kind of call', async ({ store }) => {
    const results = await Promise.all([
      store.get('a').then(text),
      store.setIfAbsent('a', '1'),
      store.setIfAbsent('a', '2'),
      store.increment('a'),
      store.compareAndSet('a', '2', '5'),
      store.increment('a', { by: 10 }),
      store.update('a', (value) => `${text(value)}0`).then(text),
      store.get('a').then(text),
      store.touch('a', MINUTE),
      store.getAndDelete('a').then(text),
      store.touch('a', MINUTE),
      store.update('a', () => 'never').then(text),
      store.set('a', '7'),
      store.delete('a'),
      store.delete('a'),
      store.compareAndSet('a', '7', '8'),
      store.increment('a'),
      store.get('a').then(text),
    ]);
    assert.deepEqual(results, [
      undefined, true, false, 2, true, 15, '150', '150', true, '150', false, undefined, undefined,
      true, false, false, 1, '1',
    ]); // prettier-ignore
  });

  test('counts the many calls among the single ones', async ({ store }) => {
    const many = async (...keys: string[]): Promise<string[]> =>
      [...(await store.getMany(keys))].map(([key, value]) => `${key}=${text(value)}`).sort();
    const results = await Promise.all([
      store.set('a', '1'),
      many('a', 'b'),
      store.setMany([['a', '2'], ['b', '2']]), // prettier-ignore
      store.get('b').then(text),
      many('b', 'a'),
      store.set('b', '3'),
      store.delete('a'),
      many('a', 'b'),
      store.deleteMany(['a', 'b']),
      store.get('b').then(text),
      store.set('b', '4'),
      many('a', 'b'),
      store.setMany([['b', '5']]),
      store.increment('b'),
      store.deleteMany(['b', 'a']),
      many('a', 'b'),
    ]);
    assert.deepEqual(results, [
      undefined, ['a=1'], undefined, '2', ['a=2', 'b=2'], undefined, true, ['b=3'], 1, undefined,
      undefined, ['b=4'], undefined, 6, 1, [],
    ]); // prettier-ignore
  });

  test('keeps the order of touches and sets', async ({ store }) => {
    await Promise.all([
      store.set('a', 'one'),
      store.touch('a', MINUTE),
      store.set('b', 'two', { ttl: MINUTE }),
      store.touch('b', 0),
      store.touch('c', MINUTE),
      store.set('c', 'three'),
      store.set('d', 'four', { ttl: MINUTE }),
      store.touch('d', 2 * MINUTE),
      store.set('d', 'four'),
    ]);
    await assertEntry(store, 'a', { value: 'one', ttl: MINUTE });
    for (const key of ['b', 'c', 'd']) {
      assertTtl(await entryOf(store, key), undefined);
    }
  });

  test('keeps the order of each key among hundreds', async ({ store }) => {
    const keys = range(300).map((i) => `key${i}`);
    const calls: Promise<number>[] = [];
    for (const _ of range(10)) for (const key of keys) calls.push(store.increment(key));
    const results = await Promise.all(calls);
    assert.deepEqual(
      results,
      range(10).flatMap((round) => keys.map(() => round + 1)),
    );
  });

  test('goes on after a call that failed', async ({ store }) => {
    const results = await Promise.all([
      store.set('a', 'abc'),
      outcomeOf(() => store.increment('a')),
      store.get('a').then(text),
      store.set('a', '1'),
      store.increment('a'),
      outcomeOf(() => store.update('a', () => { throw new Error('no'); })), // prettier-ignore
      store.get('a').then(text),
    ]);
    assert.deepEqual(results, [undefined, 'ERR_NOT_A_COUNTER', 'abc', undefined, 2, 'Error', '2']);
  });

  test('reads a large value written just before', async ({ store }) => {
    const large = Buffer.alloc(1_048_576, 7);
    const [, before, , after] = await Promise.all([
      store.set('a', 'small'),
      store.get('a'),
      store.set('a', large),
      store.get('a'),
    ]);
    assert.deepEqual(before, bytes('small'));
    assert.equal(after?.equals(large), true);
  });
};
