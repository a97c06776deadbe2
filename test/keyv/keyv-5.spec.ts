import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { KeyvPostgresSession } from '../../lib/adapters/keyv.js';
import type { PostgresSessionStore } from '../../lib/index.js';
import { anything, collect } from '../conformance/helpers.js';
import { Harness } from '../support/harness.js';

const harness = Harness.use();
let store: PostgresSessionStore;

beforeAll(async () => {
  ({ store } = await harness.startStore());
});
beforeEach(() => store.deletePrefix(''));

const keysInTable = (): Promise<string[]> => collect(store.scan(''));

describe('the test suite of Keyv 5', () => {
  /** What it uses of vitest. */
  const runner = {
    it: (title: string, body: (context: { expect: typeof expect }) => unknown) => {
      it(title, async () => {
        await body({ expect });
      });
    },
    beforeEach,
    afterEach,
  };
  const makeAdapter = (): KeyvPostgresSession => new KeyvPostgresSession(store);
  keyvTestSuite(anything(runner), Keyv, makeAdapter);
  keyvIteratorTests(anything(runner), Keyv, makeAdapter);
});

describe('KeyvPostgresSession under Keyv 5', () => {
  it('is a storage adapter as Keyv types it, and writes under prefix, namespace and key', async () => {
    const adapter: KeyvStoreAdapter = new KeyvPostgresSession(store);
    const keyv = new Keyv({ store: adapter, namespace: 'prices' });
    expect(await keyv.set('apple', 3)).toBe(true);
    expect(await keysInTable()).toEqual(['keyv:prices:apple']);
    expect(await keyv.get('apple')).toBe(3);
  });

  it('keeps the expiry in the table, relative to now, and none for 0', async () => {
    const keyv = new Keyv({ store: new KeyvPostgresSession(store) });
    await keyv.set('short', 'x', 60_000);
    await keyv.set('endless', 'x', 0);
    await keyv.setMany([{ key: 'many', value: 'x', ttl: 90_000 }, { key: 'bare', value: 'x' }]); // prettier-ignore
    const left = async (key: string) => (await store.getEntry(`keyv:keyv:${key}`))?.expiresIn;
    expect(await left('short')).toBeLessThanOrEqual(60_000);
    expect(await left('short')).toBeGreaterThan(50_000);
    expect(await left('many')).toBeGreaterThan(80_000);
    expect(await left('endless')).toBeUndefined();
    expect(await left('bare')).toBeUndefined();
  });

  it('deletes by an expiry that has passed, and takes a large one for a time of the clock', async () => {
    const adapter = new KeyvPostgresSession(store, { keyv: 5 });
    await adapter.set('past', 'x');
    expect(await adapter.set('past', 'y', -1)).toBe(true);
    expect(await adapter.has('past')).toBe(false);
    await adapter.set('past', 'x');
    expect(await adapter.set('past', 'y', Date.now() - 1_000)).toBe(true);
    expect(await adapter.has('past')).toBe(false);
    await adapter.set('ahead', 'x', Date.now() + 60_000);
    expect((await store.getEntry('keyv:ahead'))?.expiresIn).toBeLessThanOrEqual(60_000);
  });

  it('tells by delete whether the entry was there, and by deleteMany whether any was', async () => {
    const keyv = new Keyv({ store: new KeyvPostgresSession(store) });
    await keyv.set('a', 1);
    await keyv.set('b', 2);
    expect(await keyv.delete('a')).toBe(true);
    expect(await keyv.delete('a')).toBe(false);
    expect(await keyv.deleteMany(['a', 'b'])).toBe(true);
    expect(await keyv.deleteMany(['a', 'b'])).toBe(false);
  });

  it('answers getMany and hasMany in the order of the keys', async () => {
    const keyv = new Keyv({ store: new KeyvPostgresSession(store) });
    await keyv.set('a', 1);
    await keyv.set('c', 3);
    expect(await keyv.getMany(['c', 'b', 'a', 'c'])).toEqual([3, undefined, 1, 3]);
    expect(await keyv.hasMany(['c', 'b', 'a'])).toEqual([true, false, true]);
    expect(await keyv.has('b')).toBe(false);
  });

  it('clears a namespace alone, and one within another with it', async () => {
    const inNamespace = (namespace: string): Keyv =>
      new Keyv({ store: new KeyvPostgresSession(store), namespace });
    const [outer, inner, other] = ['a', 'a:b', 'ab'].map(inNamespace);
    for (const keyv of [outer, inner, other]) await keyv.set('k', 1);
    await inner.clear();
    expect(await keysInTable()).toEqual(['keyv:a:k', 'keyv:ab:k']);
    await inner.set('k', 1);
    await outer.clear();
    expect(await keysInTable()).toEqual(['keyv:ab:k']);
  });

  it('never leaves its prefix when it clears, with no namespace either', async () => {
    await store.set('session:1', 'signed in');
    await store.set('keyw:1', 'a neighbour');
    const keyv = new Keyv({ store: new KeyvPostgresSession(store), namespace: undefined });
    await keyv.set('a', 1);
    expect(await keysInTable()).toEqual(['keyv:a', 'keyw:1', 'session:1']);
    await keyv.clear();
    expect(await keysInTable()).toEqual(['keyw:1', 'session:1']);
  });

  it('stands under the prefix that was given', async () => {
    const adapter = new KeyvPostgresSession(store, { prefix: 'cache/' });
    await new Keyv({ store: adapter, namespace: undefined }).set('a', 1);
    expect(await keysInTable()).toEqual(['cache/a']);
  });

  it('works on after disconnect', async () => {
    const keyv = new Keyv({ store: new KeyvPostgresSession(store) });
    await keyv.disconnect();
    await keyv.set('a', 1);
    expect(await keyv.get('a')).toBe(1);
  });

  it('serves nothing for a key that is too long, and tells it as an error of Keyv', async () => {
    const keyv = new Keyv({ store: new KeyvPostgresSession(store) });
    const errors: unknown[] = [];
    keyv.on('error', (error) => errors.push(error));
    const long = 'k'.repeat(1_100);
    expect(await keyv.set(long, 1)).toBe(false);
    expect(await keyv.get(long)).toBeUndefined();
    expect(errors).toEqual([expect.any(RangeError), expect.any(RangeError)]);
  });

  it('says of a value that is no text that the serializer is off', async () => {
    const adapter = new KeyvPostgresSession(store);
    await expect(adapter.set('a', { value: 1 })).rejects.toThrow(/not object: Keyv's serializer/);
    await expect(adapter.setMany([{ key: 'a', value: 1 }])).rejects.toThrow(TypeError);
    await expect(adapter.set('a', 'x', Number.NaN)).rejects.toThrow(TypeError);
    await expect(adapter.set('a', 'x', anything('1d'))).rejects.toThrow(TypeError);
    expect(await keysInTable()).toEqual([]);
  });
});

describe('KeyvPostgresSession', () => {
  it.each([
    ['a store that is a Map', new Map(), {}, /needs a store.*not object/],
    ['no store', undefined, {}, /needs a store.*not undefined/],
  ])('refuses %s', (_, given, options, message) => {
    expect(() => new KeyvPostgresSession(anything(given), options)).toThrow(message);
  });

  it.each([
    [{ prefix: '' }, /prefix must not be empty/],
    [{ prefix: 'a\0' }, /without NUL/],
    [{ prefix: '\ud800' }, /well-formed/],
    [{ prefix: 'p'.repeat(1_024) }, /1024 bytes/],
    [{ prefix: 5 }, /must be a string, not number/],
    [{ keyv: 7 }, /keyv must be 5 or 6, not 7/],
    [{ namespace: 'a' }, /no option "namespace". Known are prefix, keyv/],
    [5, /must be an object, not number/],
  ])('refuses the options %j', (options, message) => {
    expect(() => new KeyvPostgresSession(store, anything(options))).toThrow(message);
  });
});
