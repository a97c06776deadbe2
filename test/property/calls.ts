import fc from 'fast-check';
import type { KeyValueStore, SessionEntry } from '../../lib/index.js';
import { collect, errorCode } from '../conformance/helpers.js';
import * as arbitrary from './arbitraries.js';
import type { ModelStore } from './model-store.js';

/** One call, to make on the store and on the model. */
export interface Call {
  title: string;
  /** Whether it stands for a range of entries. */
  isRange: boolean;
  onStore: (store: KeyValueStore) => Promise<unknown>;
  onModel: (model: ModelStore) => unknown;
}

const { key, keys, owner, prefix, range, ttl, value, writeOptions } = arbitrary;

const RANGE_CALLS = new Set([
  'deletePrefix',
  'deleteOwner',
  'scan',
  'scanOwner',
  'scanEntries',
  'count',
]);

const changes = fc.oneof(
  value.map((next) => () => next),
  fc.constant(() => undefined),
  fc.constant((current: Buffer) => Buffer.concat([current.subarray(0, 30), Buffer.of(0)])),
);

/** A call of any method, as `name` and arguments for people to read. */
function call<Arguments extends unknown[]>(
  name: string,
  args: fc.Arbitrary<Arguments>,
  onStore: (store: KeyValueStore, ...args: Arguments) => Promise<unknown>,
  onModel: (model: ModelStore, ...args: Arguments) => unknown,
): fc.Arbitrary<Call> {
  return args.map((given) => {
    const title = `${name}(${given.map((argument) => fc.stringify(argument)).join(', ')})`;
    return {
      title,
      isRange: RANGE_CALLS.has(name),
      onStore: (store) => onStore(store, ...given),
      onModel: (model) => onModel(model, ...given),
      [fc.toStringMethod]: () => title,
    };
  });
}

/** An entry as the model has it: time itself does not pass there. */
const seen = (entry: SessionEntry | undefined) =>
  entry && { value: entry.value, expires: entry.expiresIn !== undefined, owner: entry.owner };

const singles = [
  call('get', fc.tuple(key), (s, k) => s.get(k), (m, k) => m.get(k)),
  call('getEntry', fc.tuple(key), async (s, k) => seen(await s.getEntry(k)), (m, k) => m.getEntry(k)),
  call('set', fc.tuple(key, value, writeOptions),
    (s, k, v, o) => s.set(k, v, o), (m, k, v, o) => m.set(k, v, o)),
  call('delete', fc.tuple(key), (s, k) => s.delete(k), (m, k) => m.delete(k)),
  call('touch', fc.tuple(key, ttl.map((t) => t ?? 60_000)),
    (s, k, t) => s.touch(k, t), (m, k, t) => m.touch(k, t)),
  call('setIfAbsent', fc.tuple(key, value, writeOptions),
    (s, k, v, o) => s.setIfAbsent(k, v, o), (m, k, v, o) => m.setIfAbsent(k, v, o)),
  call('setIfPresent', fc.tuple(key, value, writeOptions),
    (s, k, v, o) => s.setIfPresent(k, v, o), (m, k, v, o) => m.setIfPresent(k, v, o)),
  call('move', fc.tuple(key, key, value, writeOptions),
    (s, f, k, v, o) => s.move(f, k, v, o), (m, f, k, v, o) => m.move(f, k, v, o)),
  call('getAndDelete', fc.tuple(key), (s, k) => s.getAndDelete(k), (m, k) => m.getAndDelete(k)),
  call('compareAndSet', fc.tuple(key, value, value, ttl),
    (s, k, e, n, t) => s.compareAndSet(k, e, n, { ttl: t }),
    (m, k, e, n, t) => m.compareAndSet(k, e, n, t)),
  call('update', fc.tuple(key, changes, ttl),
    (s, k, f, t) => s.update(k, f, { ttl: t }), (m, k, f, t) => m.update(k, f, t)),
  call('increment', fc.tuple(key, fc.oneof(fc.constant(1), fc.maxSafeInteger()), ttl),
    (s, k, by, t) => s.increment(k, { by, ttl: t }), (m, k, by, t) => m.increment(k, by, t)),
]; // prettier-ignore

const bulk = [
  call('getMany', fc.tuple(keys), (s, all) => s.getMany(all), (m, all) => m.getMany(all)),
  call('setMany', fc.tuple(fc.array(fc.tuple(key, value), { maxLength: 6 }), writeOptions),
    (s, all, o) => s.setMany(all, o), (m, all, o) => m.setMany(all, o)),
  call('deleteMany', fc.tuple(keys), (s, all) => s.deleteMany(all), (m, all) => m.deleteMany(all)),
]; // prettier-ignore

const ranges = [
  call('deletePrefix', fc.tuple(prefix), (s, p) => s.deletePrefix(p), (m, p) => m.deletePrefix(p)),
  call('scan', fc.tuple(prefix), (s, p) => collect(s.scan(p)), (m, p) => m.scan(p)),
  call('scanEntries', fc.tuple(range),
    async (s, r) => (await collect(s.scanEntries(r))).map(([k, entry]) => [k, seen(entry)]),
    (m, r) => m.scanEntries(r)),
  call('count', fc.tuple(range), (s, r) => s.count(r), (m, r) => m.scanEntries(r).length),
  call('scanOwner', fc.tuple(owner), (s, o) => collect(s.scanOwner(o)), (m, o) => m.scanOwner(o)),
  call('deleteOwner', fc.tuple(owner, keys),
    (s, o, except) => s.deleteOwner(o, { except }), (m, o, except) => m.deleteOwner(o, except)),
]; // prettier-ignore

export const anyCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 12, arbitrary: fc.oneof(...singles) },
  { weight: 4, arbitrary: fc.oneof(...bulk) },
  { weight: 2, arbitrary: fc.oneof(...ranges) },
);

/** What a call came to, in a form that compares and prints. */
export function answer(result: unknown): unknown {
  if (result instanceof Uint8Array) return `bytes ${Buffer.from(result).toString('hex')}`;
  if (result instanceof Map) {
    return [...result].map(([k, v]) => `${JSON.stringify(k)} = ${String(answer(v))}`).sort();
  }
  return result;
}

export async function answerOfStore(store: KeyValueStore, { onStore }: Call): Promise<unknown> {
  try {
    return answer(await onStore(store));
  } catch (error) {
    return errorCode(error);
  }
}

export function answerOfModel(model: ModelStore, { onModel }: Call): unknown {
  try {
    return answer(onModel(model));
  } catch (error) {
    return errorCode(error);
  }
}
