import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCelerisTable } from '../conformance/celeris-table.js';
import { byBytes, collect } from '../conformance/helpers.js';
import { postgresSubject } from '../conformance/postgres-subject.js';
import { inMemorySubject } from '../conformance/in-memory-subject.js';
import type { InspectedStore } from '../conformance/subject.js';
import { text } from './arbitraries.js';
import { check, PROPERTY_TIMEOUT } from './check.js';

const tableName = 'by_language';

const variants: [string, () => Promise<InspectedStore>][] = [
  ['our table', postgresSubject()],
  [
    'a table that sorts by a language',
    postgresSubject({
      options: { tableName },
      prepare: (sql) => createCelerisTable(sql, tableName),
    }),
  ],
  ['a store in memory', inMemorySubject],
];

/** A prefix, and keys of which many begin with it or nearly so. */
const prefixAndKeys = fc
  .tuple(
    text({ minLength: 0, maxLength: 3 }),
    fc.array(text({ minLength: 1, maxLength: 4 }), { maxLength: 30 }),
    fc.array(text({ minLength: 0, maxLength: 2 }), { maxLength: 10 }),
  )
  .map(([prefix, others, ends]) => ({
    prefix,
    keys: [...new Set([...others, ...ends.map((end) => prefix + end)])].filter((key) => key !== ''),
  }));

describe.each(variants)('random prefixes on %s', (_, makeSubject) => {
  let subject: InspectedStore;

  beforeAll(async () => {
    subject = await makeSubject();
  });
  afterAll(() => subject.close());

  it(
    'finds and deletes by prefix what startsWith finds',
    async () => {
      const property = fc.asyncProperty(prefixAndKeys, async ({ prefix, keys }) => {
        const { store } = subject;
        await subject.clear();
        await store.setMany(keys.map((key) => [key, key]));
        const sorted = [...keys].sort(byBytes);
        const inside = sorted.filter((key) => key.startsWith(prefix));

        expect(await collect(store.scan(''))).toEqual(sorted);
        expect(await collect(store.scan(prefix))).toEqual(inside);
        if (prefix !== '') {
          const within = inside.map((key) => key.slice(prefix.length));
          expect(await collect(store.namespace(prefix).scan(''))).toEqual(within);
        }
        await store.deletePrefix(prefix);
        expect(await collect(store.scan(''))).toEqual(
          sorted.filter((key) => !key.startsWith(prefix)),
        );
      });
      await check(property, 150);
    },
    PROPERTY_TIMEOUT,
  );
});
