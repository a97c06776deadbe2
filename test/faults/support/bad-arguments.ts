import type fc from 'fast-check';
import type { PostgresSessionStore } from '../../../lib/index.js';
import { badKey, badStep, badTtl, badValue } from './hostile.js';
import { collect } from './memory.js';

export type Draw = <T>(arbitrary: fc.Arbitrary<T>, count: number) => T[];

/** An argument as a caller without types may pass it. */
export const untyped = (value: unknown): never => value as never;

/** Each turns a number into a call with one bad argument. */
export function placesOfBadArguments(
  store: PostgresSessionStore,
  draw: Draw,
): Array<(n: number) => () => unknown> {
  const [keys, values, ttls] = [draw(badKey, 997), draw(badValue, 499), draw(badTtl, 251)];
  const key = (n: number): string => untyped(keys[n % keys.length]);
  const value = (n: number): string => untyped(values[n % values.length]);
  const steps = draw(badStep, 251);
  const step = (n: number): number => untyped(steps[n % steps.length]);
  const ttl = (n: number): number => untyped(ttls[n % ttls.length]);
  const view = store.namespace('view:');
  const longKeyOfView = 'k'.repeat(1_024);
  return [
    (n) => () => store.get(key(n)),
    (n) => () => store.set(key(n), 'v'),
    (n) => () => store.delete(key(n)),
    (n) => () => store.touch(key(n), 1_000),
    (n) => () => store.getMany(['ok', key(n)]),
    (n) => () =>
      store.setMany([
        ['ok', 'v'],
        [key(n), 'v'],
      ]),
    (n) => () => store.deleteMany([key(n), 'ok']),
    (n) => () => store.setIfAbsent(key(n), 'v'),
    (n) => () => store.getAndDelete(key(n)),
    (n) => () => store.compareAndSet(key(n), 'a', 'b'),
    (n) => () => store.update(key(n), (current) => current),
    (n) => () => store.increment(key(n)),
    (n) => () => store.set('k', value(n)),
    (n) => () => store.setMany([['k', value(n)]]),
    (n) => () => store.setIfAbsent('k', value(n)),
    (n) => () => store.compareAndSet('bystander', value(n), 'b'),
    (n) => () => store.compareAndSet('bystander', 'untouched', value(n)),
    (n) => () => store.set('k', 'v', { ttl: ttl(n) }),
    (n) => () => store.setMany([['k', 'v']], { ttl: ttl(n) }),
    (n) => () => store.touch('bystander', ttl(n)),
    (n) => () => store.increment('k', { ttl: ttl(n) }),
    (n) => () => store.increment('k', { by: step(n) }),
    (n) => () => store.setIfAbsent('k', 'v', { ttl: ttl(n) }),
    (n) => () => store.compareAndSet('bystander', 'untouched', 'v', { ttl: ttl(n) }),
    (n) => () => store.update('bystander', (current) => current, { ttl: ttl(n) }),
    () => () => view.get(longKeyOfView),
    (n) => () => view.set(key(n), 'v'),
    () => () => store.getMany(untyped('text')),
    () => () => store.deleteMany(untyped(undefined)),
    () => () => store.setMany(untyped([['k']])),
    () => () => store.setMany(untyped([null])),
    () => () => store.update('bystander', untyped('not a function')),
    () => () => store.get('bystander', { signal: untyped({ aborted: true }) }),
    () => () => collect(store.scan(untyped(null))),
    () => () => collect(store.scanOwner(untyped(1))),
    () => () => store.deletePrefix(untyped(undefined)),
    () => () => store.deletePrefix('a\0'),
    () => () => store.deleteOwner('\ud800'),
  ];
}
