import { expect, it } from '@jest/globals';
import { waitFor } from '../../support/conditions.js';
import { bytes, databaseOf, expectTtl, range, storedEntry, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

const plusOne = (current: Buffer): string => String(Number(current.toString()) + 1);

/** update: read, change and write as one. */
export const updateSection: Section = (current, features) => {
  const owner = features.owners ? 'alice' : undefined;

  it('writes what the function makes of the value, and gives it back', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    const before = await storedEntry(current(), 'a');
    const written = await store.update('a', (value) => `${value.toString()} two`);
    expect(written).toEqual(bytes('one two'));
    const after = await storedEntry(current(), 'a');
    expect(after).toEqual({ ...before, value: bytes('one two'), ttl: expect.any(Number) });
  });

  it('sets a new expiry when asked', async () => {
    const { store } = current();
    await store.set('a', '1', { ttl: MINUTE, owner });
    await store.update('a', plusOne, { ttl: 5 * MINUTE });
    const entry = await storedEntry(current(), 'a');
    expectTtl(entry.ttl, 5 * MINUTE);
    expect(entry.owner).toBe(owner ?? null);
    await store.update('a', plusOne, { ttl: -1 });
    expect((await storedEntry(current(), 'a')).expiresAt).toBeNull();
  });

  it('leaves the entry as it is when the function gives undefined', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: MINUTE, owner });
    const before = await storedEntry(current(), 'a');
    await expect(store.update('a', () => undefined, { ttl: 1 })).resolves.toBeUndefined();
    expect(await storedEntry(current(), 'a')).toEqual({ ...before, ttl: expect.any(Number) });
  });

  it('never creates an entry, nor calls the function without one', async () => {
    const { store } = current();
    await store.set('old', 'gone', { ttl: MINUTE });
    await current().expire('old');
    const seen: Buffer[] = [];
    const note = (value: Buffer): string => {
      seen.push(value);
      return 'made';
    };
    await expect(store.update('old', note)).resolves.toBeUndefined();
    await expect(store.update('absent', note)).resolves.toBeUndefined();
    expect(seen).toEqual([]);
    await expect(current().stored('absent')).resolves.toBeUndefined();
    expect(await textOf(current(), 'old')).toBeUndefined();
  });

  it('takes a change of the bytes in place', async () => {
    const { store } = current();
    await store.set('a', 'abc');
    const written = await store.update('a', (value) => value.fill('z', 0, 1));
    expect(written).toEqual(bytes('zbc'));
    expect(await textOf(current(), 'a')).toBe('zbc');
  });

  it('takes the empty value, in and out', async () => {
    const { store } = current();
    await store.set('a', '');
    expect(await store.update('a', (value) => `${value.length}`)).toEqual(bytes('0'));
    expect(await store.update('a', () => new Uint8Array(0))).toEqual(Buffer.alloc(0));
    expect(await store.get('a')).toEqual(Buffer.alloc(0));
  });

  it('rejects with what the function throws, and writes nothing', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const fault = new Error('not today');
    const failing = store.update('a', () => {
      throw fault;
    });
    await expect(failing).rejects.toBe(fault);
    expect(await textOf(current(), 'a')).toBe('one');
  });

  it('loses no update of many callers', async () => {
    const { store, database } = current();
    const rival = database?.rival ?? store;
    await store.set('a', '0');
    const results = await Promise.all(
      range(40).map((i) => (i % 2 ? rival : store).update('a', plusOne)),
    );
    expect(await textOf(current(), 'a')).toBe('40');
    const written = results.map((value) => Number(value)).sort((x, y) => x - y);
    expect(written).toEqual(range(40).map((i) => i + 1));
  });

  if (features.database) {
    it('runs the function again when another writer was faster', async () => {
      const { store } = current();
      await store.set('a', 'first');
      const held = await databaseOf(current()).hold('a', 'rival');
      const seen: string[] = [];
      const updating = store.update('a', (value) => {
        seen.push(value.toString());
        return `${value.toString()}+`;
      });
      await waitFor(() => seen.length === 1, { what: 'a look at the first value' });
      await held.release();
      expect(await updating).toEqual(bytes('rival+'));
      expect(seen).toEqual(['first', 'rival']);
      expect(await textOf(current(), 'a')).toBe('rival+');
    });
  }
};
