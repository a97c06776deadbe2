import { randomInt } from 'node:crypto';
import type { KeyValueStore } from '../../lib/index.js';
import type { Operation } from './history.js';
import type { Recorder } from './recorder.js';

export interface Traffic {
  store: KeyValueStore;
  recorder: Recorder;
  keys: string[];
  id: number;
  /** How many values were made, so that each is new. */
  written: number;
}

/** A tenth of the keys gets half of the calls, so that calls meet. */
const HOT_SHARE = 0.1;
/** Far longer than the test runs. */
const TTL = 3_600_000;
/** Room for increments between two numbers that are set. */
const STEP = 1_000_000;

/** A constraint of the table does not let it in. */
export const REFUSED_VALUE = 'refused';

const text = (value: Buffer | undefined): string | null => value?.toString() ?? null;

/** What this process last saw under a key: a guess for `compareAndSet`. */
const seen = new Map<string, string>();

type Maker = (traffic: Traffic, key: string) => Promise<void>;

const MAKERS: [weight: number, make: Maker][] = [
  [20, (t, key) => t.recorder.one(key, { kind: 'get' }, () => t.store.get(key), remembered(key))],
  [10, (t, key) =>
    t.recorder.one(key, { kind: 'get' }, () => t.store.getEntry(key), (entry) => remembered(key)(entry?.value))],
  [14, (t, key) => {
    const value = newValue(t);
    return t.recorder.one(key, { kind: 'set', value }, () => t.store.set(key, value, ttl()), () => null);
  }],
  [3, (t, key) =>
    t.recorder.one(key, { kind: 'refusedSet' }, () => t.store.set(key, REFUSED_VALUE), () => null)],
  [8, (t, key) => t.recorder.one(key, { kind: 'touch' }, () => t.store.touch(key, TTL), Boolean)],
  [8, (t, key) => t.recorder.one(key, { kind: 'delete' }, () => t.store.delete(key), Boolean)],
  [12, (t, key) => {
    const [expected, next] = [seen.get(key) ?? 'none', newValue(t)];
    const operation: Operation = { kind: 'compareAndSet', expected, next };
    return t.recorder.one(key, operation, () => t.store.compareAndSet(key, expected, next), Boolean);
  }],
  [14, (t, key) => {
    const by = randomInt(1, 10);
    return t.recorder.one(key, { kind: 'increment', by }, () => t.store.increment(key, { by }), Number);
  }],
  [4, (t, key) => {
    const value = newValue(t);
    const operation: Operation = { kind: 'setIfAbsent', value };
    return t.recorder.one(key, operation, () => t.store.setIfAbsent(key, value, ttl()), Boolean);
  }],
  [6, (t, key) => {
    const value = newValue(t);
    const operation: Operation = { kind: 'setIfPresent', value };
    return t.recorder.one(key, operation, () => t.store.setIfPresent(key, value, ttl()), Boolean);
  }],
  [6, (t, key) => {
    const [to, value] = [randomKey(t), newValue(t)];
    const targets: [string, Operation][] =
      to === key
        ? [[key, { kind: 'setIfPresent', value }]]
        : [[key, { kind: 'delete' }], [to, { kind: 'moveIn', value }]];
    return t.recorder.many(targets, () => t.store.move(key, to, value, ttl()), Boolean);
  }],
  [4, (t, key) =>
    t.recorder.one(key, { kind: 'getAndDelete' }, () => t.store.getAndDelete(key), text)],
  [3, (t, key) => {
    const keys = distinct(key, t);
    const gets = keys.map((each): [string, Operation] => [each, { kind: 'get' }]);
    return t.recorder.many(gets, () => t.store.getMany(keys), (found, each) => text(found.get(each)));
  }],
  [2.5, (t, key) => {
    const entries = distinct(key, t).map((each): [string, string] => [each, newValue(t)]);
    const sets = entries.map(([each, value]): [string, Operation] => [each, { kind: 'set', value }]);
    return t.recorder.many(sets, () => t.store.setMany(entries, ttl()), () => null);
  }],
  [0.2, (t, key) => {
    // The keys are numbers of equal width, so this takes the ten around one.
    const prefix = key.slice(0, -1);
    const erased = t.keys.filter((each) => each.startsWith(prefix));
    const erasures = erased.map((each): [string, Operation] => [each, { kind: 'erase' }]);
    return t.recorder.many(erasures, () => t.store.deletePrefix(prefix), () => null);
  }],
]; // prettier-ignore

const TOTAL = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

export function makeRandomCall(traffic: Traffic): Promise<void> {
  let left = Math.random() * TOTAL;
  const make = MAKERS.find(([weight]) => (left -= weight) < 0)?.[1] ?? MAKERS[0][1];
  return make(traffic, randomKey(traffic));
}

function randomKey({ keys }: Traffic): string {
  const among = Math.random() < 0.5 ? Math.ceil(keys.length * HOT_SHARE) : keys.length;
  return keys[randomInt(among)];
}

function distinct(key: string, traffic: Traffic): string[] {
  return [...new Set([key, randomKey(traffic), randomKey(traffic)])];
}

/** Never the same twice: mostly a number, so that it can be counted on. */
function newValue(traffic: Traffic): string {
  const number = (traffic.id * 1_000_000 + ++traffic.written) * STEP;
  return Math.random() < 0.2 ? `text ${number}` : String(number);
}

function ttl(): { ttl?: number } {
  return Math.random() < 0.5 ? { ttl: TTL } : {};
}

function remembered(key: string) {
  return (value: Buffer | undefined): string | null => {
    const found = text(value);
    if (found !== null) seen.set(key, found);
    return found;
  };
}
