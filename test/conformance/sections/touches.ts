import { expect, it } from '@jest/globals';
import { bytes, expectTtl, range, storedEntry, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

/** touch: the expiry alone. */
export const touchSection: Section = (current, features) => {
  const owner = features.owners ? 'alice' : undefined;

  it.each([
    ['a longer', 10 * MINUTE],
    ['a shorter', MINUTE / 2],
  ])('gives %s expiry and keeps the rest', async (_, ttl) => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    await expect(store.touch('a', ttl)).resolves.toBe(true);
    const entry = await storedEntry(current(), 'a');
    expect(entry.value).toEqual(bytes('one'));
    expect(entry.owner).toBe(owner ?? null);
    expectTtl(entry.ttl, ttl);
  });

  it('gives an expiry to an entry that had none', async () => {
    const { store } = current();
    await store.set('a', 'one');
    await expect(store.touch('a', MINUTE)).resolves.toBe(true);
    expectTtl((await storedEntry(current(), 'a')).ttl, MINUTE);
  });

  it.each([0, -1])('takes the expiry away with a ttl of %i', async (ttl) => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE });
    await expect(store.touch('a', ttl)).resolves.toBe(true);
    expect((await storedEntry(current(), 'a')).expiresAt).toBeNull();
  });

  it('tells that there is no live entry, and makes none', async () => {
    const { store } = current();
    await store.set('old', 'gone', { ttl: MINUTE });
    await current().expire('old');
    await expect(store.touch('old', MINUTE)).resolves.toBe(false);
    await expect(store.touch('absent', MINUTE)).resolves.toBe(false);
    expect(await textOf(current(), 'old')).toBeUndefined();
    await expect(current().stored('absent')).resolves.toBeUndefined();
  });

  it('gives each of many touched entries its own expiry', async () => {
    const { store } = current();
    const keys = range(100).map((i) => `key${i}`);
    await store.setMany(keys.map((key) => [key, key]));
    const touched = await Promise.all(keys.map((key, i) => store.touch(key, (i + 1) * MINUTE)));
    expect(touched.every(Boolean)).toBe(true);
    for (const i of [0, 42, 99]) {
      expectTtl((await storedEntry(current(), keys[i])).ttl, (i + 1) * MINUTE);
    }
  });

  it('takes the last of many touches of one key', async () => {
    const { store } = current();
    await store.set('a', 'one');
    await Promise.all([3, 1, 4, 1, 5].map((minutes) => store.touch('a', minutes * MINUTE)));
    expectTtl((await storedEntry(current(), 'a')).ttl, 5 * MINUTE);
  });
};
