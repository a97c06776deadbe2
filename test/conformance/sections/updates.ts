import { expect, it } from '@jest/globals';
import { waitFor } from '../../support/conditions.js';
import { bytes, textOf } from '../helpers.js';
import type { Section } from '../subject.js';

/** update beside other writers of the row. */
export const updateSection: Section = (current) => {
  it('runs the function again when another writer was faster', async () => {
    const { store } = current();
    await store.set('a', 'first');
    const held = await current().hold('a', 'rival');
    const seen: string[] = [];
    const updating = store.update('a', (value) => {
      seen.push(value.toString());
      return `${value.toString()}+`;
    });
    await waitFor(() => seen.length === 1, { what: 'a look at the first value' });
    await held.release();
    expect(await updating).toEqual(bytes('rival+'));
    expect(seen).toEqual(['first', 'rival']);
    expect(await textOf(store, 'a')).toBe('rival+');
  });
};
