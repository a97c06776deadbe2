import { afterEach, expect, it, jest } from '@jest/globals';
import { waitFor } from '../../support/conditions.js';
import { bytes } from '../helpers.js';
import { HOUR, MINUTE, type Section } from '../subject.js';

/** What calls leave in the table, and whose clock counts. */
export const rowSection: Section = (current) => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('leaves no row of an entry that was deleted', async () => {
    const { store, stored } = current();
    await store.setMany(['a', 'b', 'c', 'p:d'].map((key) => [key, 'x']));
    await store.delete('a');
    await store.getAndDelete('b');
    await store.deleteMany(['c']);
    await store.deletePrefix('p:');
    for (const key of ['a', 'b', 'c', 'p:d']) expect(await stored(key)).toBeUndefined();
  });

  it.each(['old', 'p', ''])('deletes expired rows too by the prefix %j', async (prefix) => {
    const { store, stored, expire } = current();
    await store.setMany([['old', 'x'], ['p:old', 'x']], { ttl: MINUTE }); // prettier-ignore
    await expire('old', 'p:old');
    await store.deletePrefix(prefix);
    const left = [await stored('old'), await stored('p:old')].map((row) => row !== undefined);
    expect(left).toEqual(prefix === '' ? [false, false] : [prefix === 'p', prefix === 'old']);
  });

  it('makes no row where there is no live entry to change', async () => {
    const { store, stored } = current();
    await store.touch('absent', MINUTE);
    await store.setIfPresent('absent', 'x');
    await store.compareAndSet('absent', '', 'x');
    await store.update('absent', () => 'x');
    expect(await stored('absent')).toBeUndefined();
  });

  it('keeps an expiry to the microsecond', async () => {
    const { store, stored } = current();
    await store.set('n', '1', { ttl: MINUTE });
    const before = await stored('n');
    await store.setIfAbsent('n', '7', { ttl: HOUR });
    await store.increment('n', { ttl: HOUR });
    await store.compareAndSet('n', '2', '3');
    await store.update('n', () => '4');
    await store.update('n', () => undefined, { ttl: 1 });
    expect(await stored('n')).toMatchObject({ value: bytes('4'), expiresAt: before?.expiresAt });
  });

  it.each([0.5, 1, 30])('hides an entry once its ttl of %d ms has passed', async (ttl) => {
    const { store } = current();
    await store.set('a', 'one', { ttl });
    await waitFor(async () => (await store.get('a')) === undefined, { what: 'the expiry' });
    await expect(store.setIfAbsent('a', 'three')).resolves.toBe(true);
  });

  it('tells of each look how much less is left, until nothing is', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: 60 });
    const seen: number[] = [];
    for (let entry = await store.getEntry('a'); entry; entry = await store.getEntry('a')) {
      expect(entry.expiresIn).toBeGreaterThan(0);
      seen.push(entry.expiresIn ?? Number.NaN);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(seen[0] ?? 0).toBeLessThanOrEqual(60);
    await expect(store.get('a')).resolves.toBeUndefined();
  });

  it('lets the clock of this process be wrong', async () => {
    const { store, stored } = current();
    const real = Date.now.bind(Date);
    for (const shift of [24 * HOUR, -24 * HOUR]) {
      jest.spyOn(Date, 'now').mockImplementation(() => real() + shift);
      await store.set('a', 'one', { ttl: MINUTE });
      expect(await store.get('a')).toEqual(bytes('one'));
      await expect(store.touch('a', 2 * MINUTE)).resolves.toBe(true);
      const ttl = (await stored('a'))?.ttl;
      expect(ttl).toBeLessThanOrEqual(2 * MINUTE);
      expect(ttl).toBeGreaterThan(2 * MINUTE - 10_000);
      jest.restoreAllMocks();
    }
  });
};
