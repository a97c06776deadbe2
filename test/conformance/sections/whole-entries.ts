import { expect, it } from '@jest/globals';
import { bytes, expectTtl, outcomeOf, range } from '../helpers.js';
import { HOUR, MINUTE, type Section } from '../subject.js';

/** getEntry: what get reads, with the time that is left and the owner. */
export const wholeEntrySection: Section = (current, features) => {
  const owner = features.owners ? 'alice' : undefined;

  it('reads undefined where no live entry is', async () => {
    const { store } = current();
    await expect(store.getEntry('absent')).resolves.toBeUndefined();
    await store.set('old', 'gone', { ttl: MINUTE, owner });
    await current().expire('old');
    await expect(store.getEntry('old')).resolves.toBeUndefined();
  });

  it('reads value, time left and owner', async () => {
    const { store } = current();
    await store.set('a', Buffer.of(0, 255, 1), { ttl: HOUR, owner });
    const entry = await store.getEntry('a');
    expect(entry).toEqual({
      value: Buffer.of(0, 255, 1),
      expiresIn: expect.any(Number),
      ...(features.owners ? { owner } : {}),
    });
    expect(Buffer.isBuffer(entry?.value)).toBe(true);
    expectTtl(entry?.expiresIn ?? null, HOUR);
  });

  it('names neither an expiry nor an owner that an entry has not', async () => {
    const { store } = current();
    await store.set('a', '');
    expect(Object.entries((await store.getEntry('a')) ?? {})).toEqual([['value', bytes('')]]);
  });

  it.each([MINUTE + 0.25, 400 * 24 * HOUR, 1e14])('tells what is left of %s ms', async (ttl) => {
    const { store } = current();
    await store.set('a', 'one', { ttl });
    expectTtl((await store.getEntry('a'))?.expiresIn ?? null, ttl);
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

  it('tells the expiry of a touch, which leaves the value as it is', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    await store.touch('a', HOUR);
    const touched = await store.getEntry('a');
    expectTtl(touched?.expiresIn ?? null, HOUR);
    expect(touched).toMatchObject({ value: bytes('one'), ...(owner ? { owner } : {}) });
    await store.touch('a', 0);
    expect(await store.getEntry('a')).not.toHaveProperty('expiresIn');
  });

  it('gives each of many callers the entry of its own key', async () => {
    const { store } = current();
    const ttlOf = (i: number): number | undefined => (i % 3 ? (i + 1) * MINUTE : undefined);
    const ownerOf = (i: number): string | undefined =>
      features.owners && i % 2 ? `owner${i}` : undefined;
    for (const i of range(100)) {
      if (i % 7) void store.set(`k${i}`, `v${i}`, { ttl: ttlOf(i), owner: ownerOf(i) });
    }
    const entries = await Promise.all(range(100).map((i) => store.getEntry(`k${i}`)));
    entries.forEach((entry, i) => {
      if (!(i % 7)) {
        expect(entry).toBeUndefined();
        return;
      }
      expect(entry?.value).toEqual(bytes(`v${i}`));
      expect(entry?.owner).toBe(ownerOf(i));
      const ttl = ttlOf(i);
      if (ttl) expectTtl(entry?.expiresIn ?? null, ttl);
      else expect(entry).not.toHaveProperty('expiresIn');
    });
  });

  it('gives each caller bytes of its own', async () => {
    const { store } = current();
    await store.set('a', 'one', { owner });
    const entries = await Promise.all(range(5).map(() => store.getEntry('a')));
    for (const entry of entries) {
      expect(entry?.value).toEqual(bytes('one'));
      entry?.value.fill(0);
      if (entry) entry.owner = 'changed';
    }
    expect(await store.getEntry('a')).toEqual({ value: bytes('one'), ...(owner ? { owner } : {}) });
  });

  it('sees the writes before it, and none that is made later', async () => {
    const { store } = current();
    const seen = range(50).map((i) => {
      void store.set('a', String(i), { ttl: (i + 1) * MINUTE });
      return store.getEntry('a');
    });
    (await Promise.all(seen)).forEach((entry, i) => {
      expect(entry?.value).toEqual(bytes(String(i)));
      expectTtl(entry?.expiresIn ?? null, (i + 1) * MINUTE);
    });
  });

  it('heeds a signal', async () => {
    const { store } = current();
    const reason = new Error('changed my mind');
    const aborted = store.getEntry('a', { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    expect(await outcomeOf(store.getEntry('a', { signal: new AbortController().signal }))).toBe(
      'fulfilled',
    );
  });
};
