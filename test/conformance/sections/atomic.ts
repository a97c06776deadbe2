import { expect, it } from '@jest/globals';
import { bytes, expectTtl, range, storedEntry, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

const CALLERS = 64;

/** setIfAbsent, getAndDelete and compareAndSet. */
export const atomicSection: Section = (current, features) => {
  const owner = features.owners ? 'alice' : undefined;
  const other = features.owners ? 'bob' : undefined;

  it('sets an absent entry whole', async () => {
    const { store } = current();
    await expect(store.setIfAbsent('a', 'one', { ttl: MINUTE, owner })).resolves.toBe(true);
    const entry = await storedEntry(current(), 'a');
    expect(entry.value).toEqual(bytes('one'));
    expect(entry.owner).toBe(owner ?? null);
    expectTtl(entry.ttl, MINUTE);
    await expect(store.setIfAbsent('b', 'two')).resolves.toBe(true);
    expect((await storedEntry(current(), 'b')).expiresAt).toBeNull();
  });

  it('leaves a live entry as it is', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    const before = await storedEntry(current(), 'a');
    await expect(store.setIfAbsent('a', 'two', { owner: other })).resolves.toBe(false);
    expect(await storedEntry(current(), 'a')).toEqual({ ...before, ttl: expect.any(Number) });
  });

  it('takes an expired entry for absent, and replaces it whole', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    await current().expire('a');
    await expect(store.setIfAbsent('a', 'two')).resolves.toBe(true);
    const entry = await storedEntry(current(), 'a');
    expect(entry).toEqual({ value: bytes('two'), expiresAt: null, ttl: null, owner: null });
  });

  it('lets exactly one of many callers set', async () => {
    const { store } = current();
    const wins = await Promise.all(range(CALLERS).map((i) => store.setIfAbsent('a', `v${i}`)));
    expect(wins.filter(Boolean)).toHaveLength(1);
    expect(await textOf(current(), 'a')).toBe(`v${wins.indexOf(true)}`);
  });

  it('gets and deletes an entry', async () => {
    const { store } = current();
    await store.set('a', 'one');
    await store.set('old', 'gone', { ttl: MINUTE });
    await current().expire('old');
    expect(await store.getAndDelete('a')).toEqual(bytes('one'));
    await expect(store.getAndDelete('a')).resolves.toBeUndefined();
    await expect(store.getAndDelete('old')).resolves.toBeUndefined();
    await expect(current().stored('a')).resolves.toBeUndefined();
  });

  it('gives the value to exactly one of many callers', async () => {
    const { store, database } = current();
    const rival = database?.rival ?? store;
    for (const round of range(10)) {
      await store.set('a', `token${round}`);
      const callers = range(CALLERS).map((i) => (i % 2 ? rival : store).getAndDelete('a'));
      const values = (await Promise.all(callers)).filter((value) => value !== undefined);
      expect(values).toEqual([bytes(`token${round}`)]);
    }
  });

  it('replaces what was expected, and keeps the rest', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    const before = await storedEntry(current(), 'a');
    await expect(store.compareAndSet('a', bytes('one'), 'two')).resolves.toBe(true);
    const after = await storedEntry(current(), 'a');
    expect(after).toEqual({ ...before, value: bytes('two'), ttl: expect.any(Number) });
    await expect(store.compareAndSet('a', 'two', Uint8Array.of(3))).resolves.toBe(true);
    expect(await store.get('a')).toEqual(Buffer.of(3));
  });

  it('compares byte for byte', async () => {
    const { store } = current();
    await store.set('a', Buffer.of(0, 255, 1));
    for (const wrong of [Buffer.of(0, 255), Buffer.of(0, 255, 1, 0), Buffer.of(0, 255, 2), '']) {
      await expect(store.compareAndSet('a', wrong, 'lost')).resolves.toBe(false);
    }
    expect(await store.get('a')).toEqual(Buffer.of(0, 255, 1));
    await expect(store.compareAndSet('a', Buffer.of(0, 255, 1), '')).resolves.toBe(true);
    await expect(store.compareAndSet('a', '', 'from empty')).resolves.toBe(true);
    expect(await textOf(current(), 'a')).toBe('from empty');
  });

  it('sets a new expiry by compareAndSet when asked', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    await expect(store.compareAndSet('a', 'one', 'two', { ttl: 5 * MINUTE })).resolves.toBe(true);
    const entry = await storedEntry(current(), 'a');
    expectTtl(entry.ttl, 5 * MINUTE);
    expect(entry.owner).toBe(owner ?? null);
    await expect(store.compareAndSet('a', 'two', 'three', { ttl: 0 })).resolves.toBe(true);
    expect((await storedEntry(current(), 'a')).expiresAt).toBeNull();
  });

  it('never creates by compareAndSet', async () => {
    const { store } = current();
    await store.set('old', 'one', { ttl: MINUTE });
    await current().expire('old');
    await expect(store.compareAndSet('old', 'one', 'two')).resolves.toBe(false);
    await expect(store.compareAndSet('absent', '', 'two')).resolves.toBe(false);
    expect(await textOf(current(), 'old')).toBeUndefined();
    await expect(current().stored('absent')).resolves.toBeUndefined();
  });

  it('lets exactly one of many compareAndSets win', async () => {
    const { store, database } = current();
    const rival = database?.rival ?? store;
    await store.set('a', 'start');
    const wins = await Promise.all(
      range(CALLERS).map((i) => (i % 2 ? rival : store).compareAndSet('a', 'start', `v${i}`)),
    );
    expect(wins.filter(Boolean)).toHaveLength(1);
    expect(await textOf(current(), 'a')).toBe(`v${wins.indexOf(true)}`);
  });
};
