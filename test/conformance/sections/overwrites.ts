import { expect, it } from '@jest/globals';
import { bytes, collect, databaseOf, expectTtl, outcomeOf, range, storedEntry, textOf } from '../helpers.js'; // prettier-ignore
import { HOUR, MINUTE, type Section } from '../subject.js';

/** setIfPresent: set, but only over a live entry, whose owner stays unless one is given. */
export const overwriteSection: Section = (current, features) => {
  const owner = features.owners ? 'alice' : undefined;

  it('replaces value and expiry of a live entry', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE });
    await expect(store.setIfPresent('a', bytes('two'), { ttl: HOUR })).resolves.toBe(true);
    const entry = await storedEntry(current(), 'a');
    expect(entry.value).toEqual(bytes('two'));
    expectTtl(entry.ttl, HOUR);
  });

  it.each([undefined, 0, -1])('stores no expiry with a ttl of %s', async (ttl) => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE });
    await expect(store.setIfPresent('a', 'two', { ttl })).resolves.toBe(true);
    expect((await storedEntry(current(), 'a')).expiresAt).toBeNull();
  });

  it('writes nothing where no live entry is, and tells so', async () => {
    const { store } = current();
    await store.set('old', 'gone', { ttl: MINUTE });
    await current().expire('old');
    await expect(store.setIfPresent('old', 'back', { ttl: HOUR })).resolves.toBe(false);
    await expect(store.setIfPresent('absent', 'new')).resolves.toBe(false);
    expect(await textOf(current(), 'old')).toBeUndefined();
    await expect(current().stored('absent')).resolves.toBeUndefined();
  });

  it('tells each of many callers whether its own entry was there', async () => {
    const { store } = current();
    const keys = range(100).map((i) => `k${i}`);
    await store.setMany(keys.filter((_, i) => i % 3).map((key) => [key, 'old']));
    const written = await Promise.all(
      keys.map((key, i) => store.setIfPresent(key, `new ${key}`, { ttl: (i + 1) * MINUTE })),
    );
    expect(written).toEqual(keys.map((_, i) => i % 3 !== 0));
    for (const [i, key] of keys.entries()) {
      expect(await textOf(current(), key)).toBe(i % 3 ? `new ${key}` : undefined);
    }
    expectTtl((await storedEntry(current(), 'k50')).ttl, 51 * MINUTE);
  });

  it('brings nothing back that was deleted, however many overwrite it', async () => {
    const { store, database } = current();
    const rival = database?.rival ?? store;
    for (const round of range(10)) {
      await store.set('a', 'live');
      const writers = range(20).map((i) => (i % 2 ? rival : store).setIfPresent('a', `${round}`));
      await rival.delete('a');
      await Promise.all(writers);
      expect(await textOf(current(), 'a')).toBeUndefined();
    }
  });

  it('takes its place in the order of its key', async () => {
    const { store } = current();
    const results = await Promise.all([
      store.setIfPresent('a', 'never'),
      store.set('a', 'one'),
      store.setIfPresent('a', 'two'),
      store.setIfPresent('a', 'three'),
      store.get('a').then(String),
      store.delete('a'),
      store.setIfPresent('a', 'never'),
      store.get('a'),
    ]);
    expect(results).toEqual([false, undefined, true, true, 'three', true, false, undefined]);
  });

  it('heeds a signal', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const reason = new Error('changed my mind');
    const aborted = store.setIfPresent('a', 'two', { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    expect(await textOf(current(), 'a')).toBe('one');
    const { signal } = new AbortController();
    await expect(store.setIfPresent('a', 'two', { signal })).resolves.toBe(true);
  });

  if (features.owners) {
    it('keeps the owner unless one is given', async () => {
      const { store } = current();
      await store.set('a', 'one', { owner });
      await store.setIfPresent('a', 'two', { ttl: MINUTE });
      expect(await storedEntry(current(), 'a')).toMatchObject({ value: bytes('two'), owner });
      await store.setIfPresent('a', 'three', { owner: 'bob' });
      expect((await storedEntry(current(), 'a')).owner).toBe('bob');
      expect(await collect(store.scanOwner('alice'))).toEqual([]);
      await store.set('b', 'one');
      await store.setIfPresent('b', 'two');
      expect((await storedEntry(current(), 'b')).owner).toBeNull();
    });

    it('keeps the owner that the call before it gives, however soon it follows', async () => {
      const { store } = current();
      const keys = range(20).map((i) => `k${i}`);
      await store.setMany(keys.map((key) => [key, 'one']));
      await Promise.all(
        keys.flatMap((key) => [
          store.setIfPresent(key, 'two', { owner }),
          store.setIfPresent(key, 'three'),
        ]),
      );
      expect(await collect(store.scanOwner('alice'))).toEqual(keys.toSorted());
      expect(await textOf(current(), 'k7')).toBe('three');
    });

    it('waits for a deletion of the owner that it gives', async () => {
      const { store } = current();
      await store.set('a', 'one', { owner });
      await store.set('b', 'one', { owner: 'bob' });
      const results = await Promise.all([
        store.deleteOwner('alice'),
        store.setIfPresent('a', 'two', { owner }),
        store.setIfPresent('b', 'two', { owner }),
      ]);
      expect(results).toEqual([1, false, true]);
      expect(await collect(store.scanOwner('alice'))).toEqual(['b']);
    });
  }

  if (!features.database) return;

  it('overwrites around a value that the table refuses', async () => {
    const { store } = current();
    const keys = range(40).map((i) => `k${i}`);
    await store.setMany(keys.map((key) => [key, 'old']));
    const outcomes = await Promise.all(
      keys.map((key, i) => outcomeOf(store.setIfPresent(key, i === 17 ? 'refused' : 'new'))),
    );
    expect(outcomes).toEqual(keys.map((_, i) => (i === 17 ? 'ERR_QUERY' : 'fulfilled')));
    expect(await textOf(current(), 'k17')).toBe('old');
    expect(await textOf(current(), 'k18')).toBe('new');
  });

  it('waits for another writer of the row, and goes by what that one leaves', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const held = await databaseOf(current()).hold('a', 'held');
    const written = store.setIfPresent('a', 'two');
    await held.waitedFor();
    await held.release();
    await expect(written).resolves.toBe(true);
    expect(await textOf(current(), 'a')).toBe('two');
  });
};
