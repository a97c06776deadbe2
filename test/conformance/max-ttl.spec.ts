import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyValueStore } from '../../lib/index.js';
import { postgresSubject } from './postgres-subject.js';
import { HOUR, MINUTE, type Subject } from './subject.js';

interface Writer {
  method: string;
  /** Writes the key `a`, where `live` is stored beforehand. */
  write: (store: KeyValueStore, ttl: number | undefined) => Promise<unknown>;
  /** Whether it leaves the expiry as it is when no ttl is given. */
  keeps?: boolean;
}

const WRITERS: Writer[] = [
  { method: 'set', write: (store, ttl) => store.set('a', 'x', { ttl }) },
  { method: 'setMany', write: (store, ttl) => store.setMany([['a', 'x']], { ttl }) },
  { method: 'touch', write: (store, ttl) => store.touch('a', ttl ?? 0) },
  {
    method: 'setIfAbsent',
    write: async (store, ttl) => {
      await store.delete('a');
      await store.setIfAbsent('a', 'x', { ttl });
    },
  },
  { method: 'setIfPresent', write: (store, ttl) => store.setIfPresent('a', 'x', { ttl }) },
  {
    method: 'move',
    write: async (store, ttl) => {
      await store.set('from', 'x');
      await store.move('from', 'a', 'y', { ttl });
    },
  },
  { method: 'move onto itself', write: (store, ttl) => store.move('a', 'a', 'y', { ttl }) },
  {
    method: 'increment',
    write: async (store, ttl) => {
      await store.delete('a');
      await store.increment('a', { ttl });
    },
  },
  {
    method: 'compareAndSet',
    write: (store, ttl) => store.compareAndSet('a', 'live', 'x', { ttl }),
    keeps: true,
  },
  { method: 'update', write: (store, ttl) => store.update('a', () => 'x', { ttl }), keeps: true },
];

const cases = WRITERS.flatMap(({ method, write, keeps = false }) => [
  { method, write, ttl: 2 * HOUR, expected: HOUR },
  { method, write, ttl: 1e14, expected: HOUR },
  { method, write, ttl: 0, expected: HOUR },
  { method, write, ttl: -1, expected: HOUR },
  { method, write, ttl: MINUTE, expected: MINUTE },
  { method, write, ttl: undefined, expected: keeps ? 5 * MINUTE : HOUR },
]);

describe.each([
  ['the store', {}],
  ['a namespace view', { namespace: 'view:' }],
  ['the store without batching', { options: { batching: false as const } }],
])('maxTtl of an hour, %s', (_, variant) => {
  let subject: Subject;

  beforeAll(async () => {
    const options = { ...('options' in variant ? variant.options : {}), maxTtl: HOUR };
    subject = await postgresSubject({ ...variant, options })();
  });
  beforeEach(() => subject.clear());
  afterAll(() => subject.close());

  it.each(cases)('has $method of $ttl ms expire in $expected ms', async (given) => {
    const { store } = subject;
    await store.set('a', 'live', { ttl: 5 * MINUTE });
    await given.write(store, given.ttl);
    const ttl = (await subject.stored('a'))?.ttl;
    expect(ttl).toBeLessThanOrEqual(given.expected);
    expect(ttl).toBeGreaterThan(given.expected - 10_000);
  });

  it('still refuses a ttl that is none', async () => {
    await expect(subject.store.set('a', 'x', { ttl: Number.NaN })).rejects.toThrow(TypeError);
    await expect(subject.store.set('a', 'x', { ttl: 2e14 })).rejects.toThrow(RangeError);
  });
});
