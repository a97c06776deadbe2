import { inspect } from 'node:util';
import { expect, it } from '@jest/globals';
import { PostgresSessionError } from '../../../lib/index.js';
import { bytes, collect, outcomeOf, range } from '../helpers.js';
import type { Section } from '../subject.js';

const COUNT = 40;
const ODD_ONE = 17;

/** A call that the database refuses fails no other one that travelled with it. */
export const neighbourSection: Section = (current) => {
  /** The outcomes of many calls made at once. */
  function outcomes(make: (i: number) => Promise<unknown>): Promise<string[]> {
    return Promise.all(range(COUNT).map((i) => outcomeOf(make(i))));
  }

  function allButOne(code: string): string[] {
    return range(COUNT).map((i) => (i === ODD_ONE ? code : 'fulfilled'));
  }

  it('sets around a key that the table refuses', async () => {
    const { store } = current();
    const key = (i: number): string => (i === ODD_ONE ? 'refused' : `k${i}`);
    expect(await outcomes((i) => store.set(key(i), `v${i}`))).toEqual(allButOne('ERR_QUERY'));
    const found = await store.getMany(range(COUNT).map(key));
    expect(found.size).toBe(COUNT - 1);
    expect(
      range(COUNT).every((i) => i === ODD_ONE || found.get(key(i))?.equals(bytes(`v${i}`))),
    ).toBe(true);
  });

  it('sets a key before and after a value that the table refuses', async () => {
    const { store } = current();
    // Others are under way, so that these may travel together.
    const others = Promise.all(range(COUNT).map((i) => store.set(`k${i}`, 'x')));
    const results = await Promise.all([
      store.set('a', 'one'),
      outcomeOf(store.set('a', 'refused')),
      store.get('a'),
      store.set('b', 'one'),
      store.set('b', 'two'),
      outcomeOf(store.set('b', 'refused')),
    ]);
    await others;
    expect(results).toEqual([
      undefined,
      'ERR_QUERY',
      bytes('one'),
      undefined,
      undefined,
      'ERR_QUERY',
    ]);
    expect(await store.get('b')).toEqual(bytes('two'));
  });

  it.each(['setIfAbsent', 'increment', 'setMany'] as const)(
    'writes by %s around a key that the table refuses',
    async (method) => {
      const { store } = current();
      const key = (i: number): string => (i === ODD_ONE ? 'refused' : `k${i}`);
      const call = {
        setIfAbsent: (i: number) => store.setIfAbsent(key(i), '1'),
        increment: (i: number) => store.increment(key(i)),
        setMany: (i: number) => store.setMany([[key(i), '1']]),
      }[method];
      expect(await outcomes(call)).toEqual(allButOne('ERR_QUERY'));
      expect((await store.getMany(range(COUNT).map(key))).size).toBe(COUNT - 1);
    },
  );

  it.each(['delete', 'getAndDelete', 'deleteMany'] as const)(
    'deletes by %s around a key that the table keeps',
    async (method) => {
      const { store } = current();
      const key = (i: number): string => (i === ODD_ONE ? 'undeletable' : `k${i}`);
      await store.setMany(range(COUNT).map((i) => [key(i), 'x']));
      const call = {
        delete: (i: number) => store.delete(key(i)),
        getAndDelete: (i: number) => store.getAndDelete(key(i)),
        deleteMany: (i: number) => store.deleteMany([key(i)]),
      }[method];
      expect(await outcomes(call)).toEqual(allButOne('ERR_QUERY'));
      expect(await collect(store.scan(''))).toEqual(['undeletable']);
    },
  );

  it('tells the failure by code and cause, and gives no value away', async () => {
    const { store } = current();
    const failing = store.set('refused', 'a-very-private-value');
    const error: unknown = await failing.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PostgresSessionError);
    expect(error).toMatchObject({ code: 'ERR_QUERY', cause: { code: '23514' } });
    expect(inspect(error, { depth: 10 })).not.toMatch(/a-very-private-value|612d766572792d70/);
  });

  it('keeps the order of a key around a write that fails', async () => {
    const { store } = current();
    const results = await Promise.all([
      outcomeOf(store.set('refused', 'x')),
      store.get('refused'),
      store.set('a', '1'),
      outcomeOf(store.set('refused', 'x')),
      store.increment('a'),
      outcomeOf(store.setMany([['a', '9'], ['refused', 'x']])), // prettier-ignore
      store.increment('a'),
      outcomeOf(store.setIfAbsent('refused', 'x')),
      store.delete('refused'),
    ]);
    expect(results).toEqual([
      'ERR_QUERY', undefined, undefined, 'ERR_QUERY', 2, 'ERR_QUERY', 3, 'ERR_QUERY', false,
    ]); // prettier-ignore
  });
};
