import type { KeyValueStore } from '../../lib/index.js';
import { collect } from './helpers.js';

export type StoreCall = [name: string, call: (store: KeyValueStore) => Promise<unknown>];

/** A call of each method that takes a key, with that key. */
export const callsWithKey = (key: string): StoreCall[] => [
  ['get', (store) => store.get(key)],
  ['getEntry', (store) => store.getEntry(key)],
  ['set', (store) => store.set(key, 'x')],
  ['delete', (store) => store.delete(key)],
  ['getMany', (store) => store.getMany(['a', key])],
  ['setMany', (store) => store.setMany([['a', 'x'], [key, 'x']])], // prettier-ignore
  ['deleteMany', (store) => store.deleteMany(['a', key])],
  ['touch', (store) => store.touch(key, 60_000)],
  ['setIfAbsent', (store) => store.setIfAbsent(key, 'x')],
  ['setIfPresent', (store) => store.setIfPresent(key, 'x')],
  ['move, as from', (store) => store.move(key, 'a', 'x')],
  ['move, as to', (store) => store.move('a', key, 'x')],
  ['getAndDelete', (store) => store.getAndDelete(key)],
  ['compareAndSet', (store) => store.compareAndSet(key, 'x', 'y')],
  ['update', (store) => store.update(key, () => 'x')],
  ['increment', (store) => store.increment(key)],
  ['deleteOwner, as an exception', (store) => store.deleteOwner('alice', { except: ['a', key] })],
];

/** A call of each method that takes a prefix. `scan` reads one page. */
export const callsWithPrefix = (prefix: string): StoreCall[] => [
  ['deletePrefix', (store) => store.deletePrefix(prefix)],
  ['scan', async (store) => collect(store.scan(prefix))],
  ['scanEntries', async (store) => collect(store.scanEntries({ prefix }))],
  ['count', (store) => store.count({ prefix })],
];

export const callsWithOwner = (owner: string): StoreCall[] => [
  ['set', (store) => store.set('a', 'x', { owner })],
  ['setMany', (store) => store.setMany([['a', 'x']], { owner })],
  ['setIfAbsent', (store) => store.setIfAbsent('a', 'x', { owner })],
  ['setIfPresent', (store) => store.setIfPresent('a', 'x', { owner })],
  ['move', (store) => store.move('a', 'b', 'x', { owner })],
  ['scanOwner', async (store) => collect(store.scanOwner(owner))],
  ['scanEntries', async (store) => collect(store.scanEntries({ owner }))],
  ['count', (store) => store.count({ owner })],
  ['deleteOwner', (store) => store.deleteOwner(owner)],
];

export const callsWithTtl = (ttl: number): StoreCall[] => [
  ['set', (store) => store.set('a', 'x', { ttl })],
  ['setMany', (store) => store.setMany([['a', 'x']], { ttl })],
  ['touch', (store) => store.touch('a', ttl)],
  ['setIfAbsent', (store) => store.setIfAbsent('a', 'x', { ttl })],
  ['setIfPresent', (store) => store.setIfPresent('a', 'x', { ttl })],
  ['move', (store) => store.move('a', 'b', 'x', { ttl })],
  ['compareAndSet', (store) => store.compareAndSet('a', 'x', 'y', { ttl })],
  ['update', (store) => store.update('a', () => 'x', { ttl })],
  ['increment', (store) => store.increment('a', { ttl })],
];

export const callsWithValue = (value: string): StoreCall[] => [
  ['set', (store) => store.set('a', value)],
  ['setMany', (store) => store.setMany([['b', 'x'], ['a', value]])], // prettier-ignore
  ['setIfAbsent', (store) => store.setIfAbsent('a', value)],
  ['setIfPresent', (store) => store.setIfPresent('a', value)],
  ['move', (store) => store.move('a', 'b', value)],
  ['compareAndSet, as expected', (store) => store.compareAndSet('a', value, 'x')],
  ['compareAndSet, as next', (store) => store.compareAndSet('a', 'x', value)],
];

/** A good call of every method. */
export const everyCall: StoreCall[] = [
  ...callsWithKey('k'),
  ...callsWithPrefix('p'),
  ...callsWithOwner('alice'),
  ['deletePrefix of all', (store) => store.deletePrefix('')],
  ['get through a namespace', (store) => store.namespace('n:').get('k')],
  ['scan through a namespace', async (store) => collect(store.namespace('n:').scan(''))],
];
