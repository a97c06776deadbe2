import { expect, it } from '@jest/globals';
import { collect } from '../helpers.js';
import type { Section } from '../subject.js';

const entriesOf = (keys: string[]): [string, string][] => keys.map((key) => [key, 'x']);

/** A range call that waits in the database holds up nobody who cannot meet it. */
export const rangeOrderSection: Section = (current) => {
  it('while a deletion waits for a row, only writes that it can meet wait for it', async () => {
    const { store } = current();
    await store.setMany(entriesOf(['a:1', 'a:2', 'b:1']));
    const row = await current().hold('a:1', 'x');
    const deleted = store.deletePrefix('a:');
    await row.waitedFor();
    let isWritten = false;
    const written = store.set('a:9', 'after').then(() => (isWritten = true));
    const others = await Promise.all([
      store.get('b:1'),
      store.get('a:2').then(() => 'read'),
      store.set('b:2', 'y').then(() => 'written'),
      collect(store.scan('b:')),
    ]);
    expect(others.slice(1)).toEqual(['read', 'written', ['b:1', 'b:2']]);
    await store.deletePrefix('b:');
    expect(isWritten).toBe(false);
    await row.release();
    await Promise.all([deleted, written]);
    expect(await collect(store.scan(''))).toEqual(['a:9']);
  });
};
