import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyValueStore } from '../../lib/index.js';
import { anything } from '../conformance/helpers.js';
import * as calls from '../conformance/store-calls.js';
import { countWire, type WireCounter } from '../conformance/wire-counter.js';
import { failureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

/** What can be read as text too. */
const MAX_VALUE_BYTES = 2 ** 28 - 2 ** 10;

describe('A bad argument of a call', () => {
  const harness = Harness.use();
  let wire: WireCounter;
  let store: KeyValueStore;

  beforeAll(async () => {
    wire = await countWire(harness.url);
    harness.onEnd(() => wire.close());
    ({ store } = await harness.startStore({ connection: wire.connectionString }));
    await store.set('a', 'x');
  });

  /** Each call rejects with an error that names the fault, and sends nothing. */
  async function expectRefusals(
    made: calls.StoreCall[],
    kind: typeof TypeError | typeof RangeError,
    fault: RegExp,
  ): Promise<void> {
    const sent = wire.sent();
    const errors = await Promise.all(
      made.map(async ([name, call]) => [name, await failureOf(call(store))] as const),
    );
    for (const [name, error] of errors) {
      expect({ name, error }).toEqual({ name, error: expect.any(kind) });
      expect(`${name}: ${error.message}`).toMatch(fault);
      // The fault is shown, and not the whole key.
      expect(error.message.length).toBeLessThan(300);
    }
    expect(wire.sent()).toBe(sent);
  }

  const TEXT_FAULTS: [string, unknown, typeof TypeError | typeof RangeError, RegExp][] = [
    ['with NUL', 'a\0b', TypeError, /NUL/],
    ['with a lone high surrogate', 'a\ud800', TypeError, /surrogate/],
    ['with a lone low surrogate', '\udc00a', TypeError, /surrogate/],
    ['of surrogates in the wrong order', '\udc00\ud800', TypeError, /surrogate/],
    ['undefined', undefined, TypeError, /undefined/],
    ['null', null, TypeError, /null/],
    ['a number', 7, TypeError, /number/],
    ['bytes', Buffer.from('a'), TypeError, /string/],
    ['too long in ASCII', 'k'.repeat(1_025), RangeError, /1025.*1024|1,025.*1,024/],
    ['too long in UTF-8', 'é'.repeat(513), RangeError, /1026.*1024|1,026.*1,024/],
    ['far too long', 'k'.repeat(1_000_000), RangeError, /1000000|1,000,000/],
  ];

  it('refuses an empty key', () => expectRefusals(calls.callsWithKey(''), TypeError, /key.*empty/));

  it('refuses a key that is too long behind the prefix of its namespace', async () => {
    const view = store.namespace('view:');
    const call: calls.StoreCall = ['get', () => view.get('k'.repeat(1_020))];
    await expectRefusals([call], RangeError, /1025/);
  });

  it.each(TEXT_FAULTS)('refuses a key %s', async (_, key, kind, fault) => {
    await expectRefusals(calls.callsWithKey(anything(key)), kind, fault);
  });

  it.each(TEXT_FAULTS)('refuses a prefix %s', async (_, prefix, kind, fault) => {
    await expectRefusals(calls.callsWithPrefix(anything(prefix)), kind, fault);
    expect(() => store.namespace(anything(prefix))).toThrow(kind);
  });

  // Absent and null mean "nobody's" to a write, so they are left out.
  it.each(TEXT_FAULTS.filter(([, owner]) => owner !== undefined && owner !== null))(
    'refuses an owner %s',
    async (_, owner, kind, fault) => {
      await expectRefusals(calls.callsWithOwner(anything(owner)), kind, fault);
    },
  );

  it.each([
    undefined,
    null,
    7,
    true,
    {},
    [1, 2],
    new ArrayBuffer(2),
    new Uint16Array(2),
    new Date(0),
  ])('refuses the value %p', async (value) => {
    await expectRefusals(calls.callsWithValue(anything(value)), TypeError, /Uint8Array.*string/);
  });

  it.each([
    ['bytes', () => Buffer.alloc(MAX_VALUE_BYTES + 1)],
    ['text', () => 'x'.repeat(MAX_VALUE_BYTES + 1)],
    ['text of fewer characters than bytes', () => 'é'.repeat(MAX_VALUE_BYTES / 2 + 1)],
  ])('refuses a value that is too large to be read again: %s', async (_, value) => {
    const fault = new RegExp(`2684344\\d\\d.*${MAX_VALUE_BYTES}`);
    await expectRefusals(calls.callsWithValue(anything(value())), RangeError, fault);
  });

  it.each([
    [Number.NaN, TypeError, /ttl.*NaN/],
    [Number.POSITIVE_INFINITY, TypeError, /ttl.*Infinity/],
    [Number.NEGATIVE_INFINITY, TypeError, /ttl.*-Infinity/],
    ['60', TypeError, /ttl.*string/],
    [60n, TypeError, /ttl.*bigint/],
    [new Date(0), TypeError, /ttl.*object/],
    [1e14 + 1, RangeError, /ttl.*100000000000001/],
  ])('refuses the ttl %p', async (ttl, kind, fault) => {
    await expectRefusals(calls.callsWithTtl(anything(ttl)), kind, fault);
  });

  it.each([
    ['1', TypeError, /by.*string/],
    [null, TypeError, /by.*null/],
    [1.5, RangeError, /by.*1\.5/],
    [Number.NaN, RangeError, /by.*NaN/],
    [2 ** 53, RangeError, /by.*9007199254740992/],
  ])('refuses to increment by %p', async (by, kind, fault) => {
    const call: calls.StoreCall = ['increment', () => store.increment('n', { by: anything(by) })];
    await expectRefusals([call], kind, fault);
  });

  it('refuses what is no list of keys or of entries', async () => {
    for (const keys of [undefined, null, 'abc', 7, {}]) {
      await expectRefusals(
        [
          ['getMany', () => store.getMany(anything(keys))],
          ['deleteMany', () => store.deleteMany(anything(keys))],
          ['setMany', () => store.setMany(anything(keys))],
        ],
        TypeError,
        /iterable/,
      );
    }
    for (const entry of [undefined, null, 'ab', 7, [], ['a']]) {
      const call = () => store.setMany(anything([['b', 'x'], entry]));
      await expectRefusals([['setMany', call]], TypeError, /entry|key|value|Uint8Array/);
    }
  });

  it.each([
    undefined,
    null,
    'a:',
    7,
    [],
    {},
    { prefix: '', owner: 'a' },
    { prefixes: '' },
    { prefix: '', limit: 1 },
  ])('refuses the range %p', async (range) => {
    const call: calls.StoreCall = ['count', () => store.count(anything(range))];
    await expectRefusals([call], TypeError, /range.*\{ prefix \} or \{ owner \}/);
    expect(() => store.scanEntries(anything(range))).toThrow(TypeError);
  });

  it('refuses a signal that is none', async () => {
    const options = { signal: anything({ aborted: true }) };
    await expectRefusals(
      [
        ['get', () => store.get('a', options)],
        ['set', () => store.set('a', 'x', options)],
        ['getEntry', () => store.getEntry('a', options)],
        ['setIfPresent', () => store.setIfPresent('a', 'x', options)],
        ['delete', () => store.delete('a', options)],
        ['deletePrefix', () => store.deletePrefix('a', options)],
      ],
      TypeError,
      /AbortSignal/,
    );
  });

  it('refuses an update without a function, or by one that is not synchronous', async () => {
    const missing = await failureOf(store.update('a', anything(undefined)));
    expect(missing).toBeInstanceOf(TypeError);
    const promised = anything(() => Promise.resolve('later'));
    const later = await failureOf(store.update('a', promised));
    expect(later).toBeInstanceOf(TypeError);
    expect((await store.get('a'))?.toString()).toBe('x');
  });
});

describe('A store that was closed', () => {
  const harness = Harness.use();

  it('refuses every call, and can be closed again', async () => {
    const { store } = await harness.startStore();
    const view = store.namespace('n:');
    await store.set('k', 'x');
    await Promise.all([store.close(), store.close()]);
    const all = [...calls.everyCall, ['get of a view', () => view.get('k')] as calls.StoreCall];
    for (const [name, call] of all) {
      const error = await failureOf(call(store));
      expect({ name, error }).toMatchObject({ name, error: { code: 'ERR_STORE_CLOSED' } });
    }
    await store.close();
  });
});
