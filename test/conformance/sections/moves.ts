import { expect, it } from '@jest/globals';
import { collect, outcomeOf, textOf } from '../helpers.js';
import type { Section } from '../subject.js';

/** move beside other writers of its rows, and where the table refuses. */
export const moveSection: Section = (current) => {
  it('leaves the old entry where the new one is refused', async () => {
    const { store } = current();
    await store.set('old', 'one');
    expect(await outcomeOf(store.move('old', 'refused', 'two'))).toBe('ERR_QUERY');
    expect(await outcomeOf(store.move('old', 'new', 'refused'))).toBe('ERR_QUERY');
    expect(await outcomeOf(store.move('old', 'old', 'refused'))).toBe('ERR_QUERY');
    expect(await textOf(store, 'old')).toBe('one');
    await store.set('undeletable', 'one');
    expect(await outcomeOf(store.move('undeletable', 'new', 'two'))).toBe('ERR_QUERY');
    expect(await collect(store.scan(''))).toEqual(['old', 'undeletable']);
  });

  it('leaves no row of the entry that goes', async () => {
    const { store, stored } = current();
    await store.set('old', 'one');
    await store.move('old', 'new', 'two');
    await expect(stored('old')).resolves.toBeUndefined();
  });

  it.each(['old', 'new'])('waits for another writer of %j', async (key) => {
    const { store } = current();
    await store.setMany([['old', 'one'], ['new', 'one']]); // prettier-ignore
    const held = await current().hold(key, 'held');
    const moved = store.move('old', 'new', 'two');
    await held.waitedFor();
    await held.release();
    await expect(moved).resolves.toBe(true);
    expect(await collect(store.scan(''))).toEqual(['new']);
    expect(await textOf(store, 'new')).toBe('two');
  });
};
