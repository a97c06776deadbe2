import { expect, it } from '@jest/globals';
import { textOf } from '../helpers.js';
import type { Section } from '../subject.js';

/** Calls on one key keep their order while the database makes one wait. */
export const orderSection: Section = (current) => {
  const text = (value: Buffer | undefined): string | undefined => value?.toString();

  it('lets no call overtake one that waits in the database', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const held = await current().hold('a', 'held');
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
    const held = await current().hold('a', 'held');
    const waiting = store.set('a', 'two');
    await held.waitedFor();
    await store.set('b', 'two');
    expect(await textOf(store, 'b')).toBe('two');
    await held.release();
    await waiting;
    expect(await textOf(store, 'a')).toBe('two');
  });
};
