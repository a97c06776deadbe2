import assert from 'node:assert/strict';
import type { KeyValueStore } from '../../interfaces/key-value-store.interface.js';
import { collect, outcomeOf } from './helpers.js';
import type { Section } from './section.js';

type Call = (store: KeyValueStore) => Promise<unknown>;

/** A call of each method that takes a key, with that key. */
const callsWithKey = (key: string): Call[] => [
  (store) => store.get(key),
  (store) => store.getEntry(key),
  (store) => store.set(key, 'x'),
  (store) => store.delete(key),
  (store) => store.getMany(['a', key]),
  (store) => store.setMany([['a', 'x'], [key, 'x']]), // prettier-ignore
  (store) => store.deleteMany(['a', key]),
  (store) => store.touch(key, 1),
  (store) => store.setIfAbsent(key, 'x'),
  (store) => store.setIfPresent(key, 'x'),
  (store) => store.move(key, 'a', 'x'),
  (store) => store.move('a', key, 'x'),
  (store) => store.getAndDelete(key),
  (store) => store.compareAndSet(key, 'x', 'y'),
  (store) => store.update(key, () => 'x'),
  (store) => store.increment(key),
];

const callsWithPrefix = (prefix: string): Call[] => [
  (store) => store.deletePrefix(prefix),
  (store) => collect(store.scan(prefix)),
  (store) => collect(store.scanEntries({ prefix })),
  (store) => store.count({ prefix }),
  (store) => store.namespace(prefix).get('a'),
];

const callsWithValue = (value: string): Call[] => [
  (store) => store.set('a', value),
  (store) => store.setMany([['a', value]]),
  (store) => store.setIfAbsent('b', value),
  (store) => store.setIfPresent('a', value),
  (store) => store.move('a', 'b', value),
  (store) => store.compareAndSet('a', value, 'x'),
  (store) => store.compareAndSet('a', 'one', value),
  (store) => store.update('a', () => value),
];

/** A caller that is not written in TypeScript can pass anything. */
const anything = (value: unknown): never => value as never;

/** Bad arguments are refused, by a `TypeError` or a `RangeError`, and change nothing. */
export const argumentSection: Section = (test, features) => {
  const refused: [title: string, calls: Call[], outcome: string][] = [
    ['an empty key', callsWithKey(''), 'TypeError'],
    ['a key with a NUL', callsWithKey('a\0'), 'TypeError'],
    ['a key with a lone surrogate', callsWithKey('\ud800'), 'TypeError'],
    ['a key that is no string', callsWithKey(anything(7)), 'TypeError'],
    ['a key that is too long', callsWithKey('k'.repeat(features.maxKeyBytes + 1)), 'RangeError'],
    ['a prefix with a NUL', callsWithPrefix('\0'), 'TypeError'],
    ['a prefix that is too long', callsWithPrefix('k'.repeat(1_025)), 'RangeError'],
    ['a value that is no bytes', callsWithValue(anything({})), 'TypeError'],
    ['a value with a lone surrogate', callsWithValue('\udfff'), 'TypeError'],
    ['a step that is no integer', [(store) => store.increment('n', { by: 0.5 })], 'RangeError'],
    ['a range of nothing', [(store) => store.count(anything({}))], 'TypeError'],
    [
      'a range of two sorts',
      [(store) => store.count(anything({ prefix: '', owner: 'a' }))],
      'TypeError',
    ],
    ['a string of keys', [(store) => store.getMany('abc')], 'TypeError'],
  ];
  for (const [title, calls, outcome] of refused) {
    test(`refuses ${title}`, async ({ store }) => {
      await store.set('a', 'one');
      for (const call of calls) {
        assert.equal(await outcomeOf(() => call(store)), outcome, String(call));
      }
      assert.deepEqual(await collect(store.scan('')), ['a']);
    });
  }
};
