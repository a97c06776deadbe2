import { expect, it } from '@jest/globals';
import { bytes, databaseOf, outcomeOf, range, storedEntry, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

/** Calls of one instance on one key take effect in the order they were made, awaited or not. */
export const orderSection: Section = (current, features) => {
  const text = (value: Buffer | undefined): string | undefined => value?.toString();

  it('keeps the order of sets', async () => {
    const { store } = current();
    for (const round of range(20)) {
      await Promise.all(range(20).map((i) => store.set('a', `${round}.${i}`)));
      expect(await textOf(current(), 'a')).toBe(`${round}.19`);
    }
  });

  it('lets each get see the set before it, and no later one', async () => {
    const { store } = current();
    const reads = range(100).map((i) => {
      void store.set('a', String(i));
      return store.get('a');
    });
    expect((await Promise.all(reads)).map(text)).toEqual(range(100).map(String));
  });

  it('keeps the order of every kind of call', async () => {
    const { store } = current();
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
    expect(results).toEqual([
      undefined, true, false, 2, true, 15, '150', '150', true, '150', false, undefined, undefined,
      true, false, false, 1, '1',
    ]); // prettier-ignore
  });

  it('counts the many calls among the single ones', async () => {
    const { store } = current();
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
    expect(results).toEqual([
      undefined, ['a=1'], undefined, '2', ['a=2', 'b=2'], undefined, true, ['b=3'], 1, undefined,
      undefined, ['b=4'], undefined, 6, 1, [],
    ]); // prettier-ignore
  });

  it('keeps the order of touches and sets', async () => {
    const { store } = current();
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
    expect((await storedEntry(current(), 'a')).ttl).toBeGreaterThan(0);
    for (const key of ['b', 'c', 'd']) {
      expect((await storedEntry(current(), key)).expiresAt).toBeNull();
    }
  });

  it('keeps the order of each key among hundreds', async () => {
    const { store } = current();
    const keys = range(300).map((i) => `key${i}`);
    const calls: Promise<number>[] = [];
    for (const _ of range(10)) for (const key of keys) calls.push(store.increment(key));
    const results = await Promise.all(calls);
    expect(results).toEqual(range(10).flatMap((round) => keys.map(() => round + 1)));
  });

  it('goes on after a call that failed', async () => {
    const { store } = current();
    const results = await Promise.all([
      store.set('a', 'abc'),
      outcomeOf(store.increment('a')),
      store.get('a').then(text),
      store.set('a', '1'),
      store.increment('a'),
      outcomeOf(store.update('a', () => { throw new Error('no'); })), // prettier-ignore
      store.get('a').then(text),
    ]);
    expect(results).toEqual([undefined, 'ERR_NOT_A_COUNTER', 'abc', undefined, 2, 'Error', '2']);
  });

  it('reads a large value written just before', async () => {
    const { store } = current();
    const large = Buffer.alloc(1_048_576, 7);
    const [, before, , after] = await Promise.all([
      store.set('a', 'small'),
      store.get('a'),
      store.set('a', large),
      store.get('a'),
    ]);
    expect(before).toEqual(bytes('small'));
    expect(after?.equals(large)).toBe(true);
  });

  if (!features.database) return;

  it('lets no call overtake one that waits in the database', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const held = await databaseOf(current()).hold('a', 'held');
    const ended: number[] = [];
    const calls: Promise<unknown>[] = [
      store.set('a', 'two'),
      store.get('a').then(text),
      store.getMany(['a', 'b']).then((found) => text(found.get('a'))),
      store.delete('a'),
      store.get('a').then(text),
    ];
    calls.forEach((call, i) => void call.then(() => ended.push(i)));
    await held.waitedFor();
    // A key that nobody holds: its answer shows that the store had its turn meanwhile.
    await store.get('elsewhere');
    expect(ended).toEqual([]);
    await held.release();
    expect(await Promise.all(calls)).toEqual([undefined, 'two', 'two', true, undefined]);
  });

  it('makes no other key wait for one that waits in the database', async () => {
    const { store } = current();
    await store.set('a', 'one');
    await store.set('b', 'one');
    const held = await databaseOf(current()).hold('a', 'held');
    const waiting = store.set('a', 'two');
    await held.waitedFor();
    await store.set('b', 'two');
    expect(await textOf(current(), 'b')).toBe('two');
    await held.release();
    await waiting;
    expect(await textOf(current(), 'a')).toBe('two');
  });
};
