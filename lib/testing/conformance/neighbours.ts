import assert from 'node:assert/strict';
import { bytes, collect, outcomeOf, range } from './helpers.js';
import type { Section } from './section.js';

const COUNT = 40;
const ODD_ONE = 17;

/** A call that fails never fails another one that travelled with it. */
export const neighbourSection: Section = (test) => {
  /** The outcomes of many calls made at once. */
  function outcomes(make: (i: number) => Promise<unknown>): Promise<string[]> {
    return Promise.all(range(COUNT).map((i) => outcomeOf(() => make(i))));
  }

  function allButOne(code: string): string[] {
    return range(COUNT).map((i) => (i === ODD_ONE ? code : 'fulfilled'));
  }

  test('increments around a value that is no counter', async ({ store }) => {
    await store.set(`n${ODD_ONE}`, 'abc');
    assert.deepEqual(
      await outcomes((i) => store.increment(`n${i}`)),
      allButOne('ERR_NOT_A_COUNTER'),
    );
    const found = await store.getMany(range(COUNT).map((i) => `n${i}`));
    const values = range(COUNT).map((i) => found.get(`n${i}`)?.toString());
    assert.deepEqual(
      values,
      range(COUNT).map((i) => (i === ODD_ONE ? 'abc' : '1')),
    );
  });

  test('sets around a bad key', async ({ store }) => {
    const key = (i: number): string => (i === ODD_ONE ? '' : `k${String(i).padStart(2, '0')}`);
    const all = await outcomes((i) => store.set(key(i), 'x'));
    assert.equal(all.filter((outcome) => outcome === 'fulfilled').length, COUNT - 1);
    assert.match(all[ODD_ONE], /^(Type|Range)Error$/);
    assert.equal((await collect(store.scan(''))).length, COUNT - 1);
  });

  test('updates around a function that throws', async ({ store }) => {
    await store.setMany(range(COUNT).map((i) => [`u${i}`, 'old']));
    const fault = new RangeError('not this one');
    const change = (i: number) => (): string => {
      if (i === ODD_ONE) throw fault;
      return 'new';
    };
    const all = await outcomes((i) => store.update(`u${i}`, change(i)));
    assert.deepEqual(all, allButOne('RangeError'));
    assert.deepEqual(await store.get(`u${ODD_ONE}`), bytes('old'));
    assert.deepEqual(await store.get('u0'), bytes('new'));
  });

  test('gets around a call that was aborted', async ({ store }) => {
    await store.set('a', 'one');
    const reason = new Error('changed my mind');
    const values = await Promise.allSettled(
      range(COUNT).map((i) => {
        const controller = new AbortController();
        const call = store.get('a', { signal: controller.signal });
        if (i === ODD_ONE) controller.abort(reason);
        return call;
      }),
    );
    values.forEach((value, i) => {
      if (i === ODD_ONE) assert.deepEqual(value, { status: 'rejected', reason });
      else assert.deepEqual(value, { status: 'fulfilled', value: bytes('one') });
    });
  });
};
