import { expect, it } from '@jest/globals';
import { outcomeOf, range, textOf } from '../helpers.js';
import type { Section } from '../subject.js';

/** setIfPresent beside other writers of the row. */
export const overwriteSection: Section = (current) => {
  it('overwrites around a value that the table refuses', async () => {
    const { store } = current();
    const keys = range(40).map((i) => `k${i}`);
    await store.setMany(keys.map((key) => [key, 'old']));
    const outcomes = await Promise.all(
      keys.map((key, i) => outcomeOf(store.setIfPresent(key, i === 17 ? 'refused' : 'new'))),
    );
    expect(outcomes).toEqual(keys.map((_, i) => (i === 17 ? 'ERR_QUERY' : 'fulfilled')));
    expect(await textOf(store, 'k17')).toBe('old');
    expect(await textOf(store, 'k18')).toBe('new');
  });

  it('waits for another writer of the row, and goes by what that one leaves', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const held = await current().hold('a', 'held');
    const written = store.setIfPresent('a', 'two');
    await held.waitedFor();
    await held.release();
    await expect(written).resolves.toBe(true);
    expect(await textOf(store, 'a')).toBe('two');
  });
};
