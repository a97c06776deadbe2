import { expect, it } from '@jest/globals';
import { byBytes, MANY, numbered, outcomeOf } from '../helpers.js';
import type { Section } from '../subject.js';

const textsOf = (found: Map<string, Buffer>): [string, string][] =>
  [...found]
    .map(([key, value]): [string, string] => [key, value.toString()])
    .sort(([a], [b]) => byBytes(a, b));

/** setMany and deleteMany write all or nothing. */
export const manySection: Section = (current) => {
  it.each([3, MANY])('sets all of %i entries or none', async (count) => {
    const { store } = current();
    const keys = numbered('all', count);
    await store.set(keys[0], 'before');
    const entries = keys.map((key): [string, string] => [key, 'after']);
    expect(await outcomeOf(store.setMany([...entries, ['refused', 'x']]))).toBe('ERR_QUERY');
    expect(textsOf(await store.getMany(keys))).toEqual([[keys[0], 'before']]);
    await store.setMany(entries);
    expect((await store.getMany(keys)).size).toBe(count);
  });

  it.each([3, MANY])('deletes all of %i entries or none', async (count) => {
    const { store } = current();
    const keys = [...numbered('all', count), 'undeletable'];
    await store.setMany(keys.map((key) => [key, 'here']));
    expect(await outcomeOf(store.deleteMany(keys))).toBe('ERR_QUERY');
    expect((await store.getMany(keys)).size).toBe(count + 1);
  });
};
