import { expect, it } from '@jest/globals';
import { bytes, expectTtl, storedEntry, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

/** get, set and delete of one entry. */
export const entrySection: Section = (current, features) => {
  it('reads undefined where nothing was written', async () => {
    await expect(current().store.get('absent')).resolves.toBeUndefined();
  });

  it('reads what was written, as a Buffer', async () => {
    const { store } = current();
    await expect(store.set('a', bytes('one'))).resolves.toBeUndefined();
    const value = await store.get('a');
    expect(Buffer.isBuffer(value)).toBe(true);
    expect(value).toEqual(bytes('one'));
  });

  it('keeps entries apart', async () => {
    const { store } = current();
    await store.set('a', 'one');
    await store.set('A', 'two');
    await store.set('a ', 'three');
    expect(await textOf(current(), 'a')).toBe('one');
    expect(await textOf(current(), 'A')).toBe('two');
    expect(await textOf(current(), 'a ')).toBe('three');
  });

  it.each([undefined, 0, -0, -1, -1e300])('stores no expiry with a ttl of %s', async (ttl) => {
    const { store } = current();
    await store.set('a', 'one', { ttl });
    expect((await storedEntry(current(), 'a')).expiresAt).toBeNull();
  });

  it.each([MINUTE, MINUTE + 0.25, 400 * 24 * 60 * MINUTE, 1e14])(
    'stores a ttl of %s ms from the clock of the store',
    async (ttl) => {
      const { store } = current();
      await store.set('a', 'one', { ttl });
      expectTtl((await storedEntry(current(), 'a')).ttl, ttl);
      expect(await textOf(current(), 'a')).toBe('one');
    },
  );

  it('replaces value and expiry by set', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE });
    await store.set('a', 'two', { ttl: 2 * MINUTE });
    const longer = await storedEntry(current(), 'a');
    expect(longer.value).toEqual(bytes('two'));
    expectTtl(longer.ttl, 2 * MINUTE);

    await store.set('a', 'three');
    const forever = await storedEntry(current(), 'a');
    expect(forever.value).toEqual(bytes('three'));
    expect(forever.expiresAt).toBeNull();
  });

  it('writes over an expired entry as if it were not there', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE });
    await current().expire('a');
    await store.set('a', 'two');
    expect(await textOf(current(), 'a')).toBe('two');
    expect((await storedEntry(current(), 'a')).expiresAt).toBeNull();
  });

  it('tells by delete whether a live entry was there', async () => {
    const { store } = current();
    await store.set('a', 'one');
    await store.set('b', 'two');
    await expect(store.delete('a')).resolves.toBe(true);
    await expect(store.delete('a')).resolves.toBe(false);
    await expect(store.delete('never')).resolves.toBe(false);
    expect(await textOf(current(), 'a')).toBeUndefined();
    expect(await textOf(current(), 'b')).toBe('two');
    await expect(current().stored('a')).resolves.toBeUndefined();
  });

  it('takes keys of 1,024 bytes and of any Unicode plane', async () => {
    const { store, prefix } = current();
    const longest = 'k'.repeat(1_024 - Buffer.byteLength(prefix));
    const keys = [longest, '\u{1F600}', '\uFFFF', '\u{10FFFF}', '%_\\\'"; --', '\u0001', '\n'];
    for (const key of keys) await store.set(key, key);
    for (const key of keys) expect(await textOf(current(), key)).toBe(key);
  });

  it('keeps composed and decomposed characters apart', async () => {
    const { store } = current();
    await store.set('\u00e9', 'composed');
    await store.set('e\u0301', 'decomposed');
    expect(await textOf(current(), '\u00e9')).toBe('composed');
    expect(await textOf(current(), 'e\u0301')).toBe('decomposed');
  });

  if (features.owners) {
    it('replaces the owner by set', async () => {
      const { store } = current();
      await store.set('a', 'one', { owner: 'alice' });
      expect((await storedEntry(current(), 'a')).owner).toBe('alice');
      await store.set('a', 'two', { owner: 'bob' });
      expect((await storedEntry(current(), 'a')).owner).toBe('bob');
      await store.set('a', 'three');
      expect((await storedEntry(current(), 'a')).owner).toBeNull();
    });
  }
};
