import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import { Keyv as Keyv6, type KeyvStorageAdapter } from 'keyv-6';
import { KeyvPostgresSession } from '../../lib/adapters/keyv.js';
import type { PostgresSessionStore } from '../../lib/index.js';
import { collect } from '../conformance/helpers.js';
import { Harness } from '../support/harness.js';

const harness = Harness.use();
let store: PostgresSessionStore;

beforeAll(async () => {
  ({ store } = await harness.startStore());
});
beforeEach(() => store.deletePrefix(''));

const keysInTable = (): Promise<string[]> => collect(store.scan(''));
const inNamespace = (namespace?: string): Keyv6 => {
  const adapter: KeyvStorageAdapter = new KeyvPostgresSession(store);
  return new Keyv6({ store: adapter, namespace });
};

describe('KeyvPostgresSession under Keyv 6', () => {
  it('is used as it is, and writes under prefix, namespace and key', async () => {
    const adapter = new KeyvPostgresSession(store);
    const keyv = new Keyv6({ store: adapter, namespace: 'prices' });
    expect(keyv.store).toBe(adapter);
    expect(await keyv.set('apple', 3)).toBe(true);
    expect(await keyv.set('::odd', 4)).toBe(true);
    expect(await keysInTable()).toContain('keyv:prices:apple');
    expect(await keyv.get('apple')).toBe(3);
    expect(await keyv.get('::odd')).toBe(4);
    await inNamespace().set('bare', 1);
    expect(await keysInTable()).toContain('keyv:bare');
  });

  it('takes expiries for times of the clock, and deletes by one that has passed', async () => {
    const adapter = new KeyvPostgresSession(store, { keyv: 6 });
    await adapter.set('a', 'x', Date.now() + 60_000);
    const left = (await store.getEntry('keyv:a'))?.expiresIn;
    expect(left).toBeLessThanOrEqual(60_000);
    expect(left).toBeGreaterThan(50_000);
    for (const past of [Date.now() - 1, 1, 0, -5]) {
      await adapter.set('a', 'x');
      expect(await adapter.set('a', 'y', past)).toBe(true);
      expect(await adapter.get('a')).toBeUndefined();
    }
    expect(await adapter.setMany([{ key: 'a', value: 'x', expires: 1 }, { key: 'b', value: 'y' }])).toEqual([true, true]); // prettier-ignore
    expect(await keysInTable()).toEqual(['keyv:b']);
  });

  it('gives entries of Keyv a ttl in the table', async () => {
    const keyv = inNamespace('n');
    await keyv.set('a', 'x', 60_000);
    await keyv.setMany([{ key: 'b', value: 'y', ttl: 60_000 }, { key: 'c', value: 'z' }]); // prettier-ignore
    const left = async (key: string) => (await store.getEntry(`keyv:n:${key}`))?.expiresIn;
    expect(await left('a')).toBeGreaterThan(50_000);
    expect(await left('b')).toBeGreaterThan(50_000);
    expect(await left('c')).toBeUndefined();
    expect(await keyv.getMany(['c', 'x', 'b'])).toEqual(['z', undefined, 'y']);
  });

  it('tells by delete and deleteMany which entries were there', async () => {
    const keyv = inNamespace('n');
    await keyv.setMany([{ key: 'a', value: 1 }, { key: 'b', value: 2 }]); // prettier-ignore
    expect(await keyv.delete('a')).toBe(true);
    expect(await keyv.delete('a')).toBe(false);
    expect(await keyv.deleteMany(['a', 'b'])).toEqual([false, true]);
    expect(await keyv.hasMany(['a', 'b'])).toEqual([false, false]);
    expect(await keyv.has('a')).toBe(false);
  });

  it('iterates over the bare keys of its namespace', async () => {
    const keyv = inNamespace('n');
    await keyv.set('a', 1);
    await keyv.set('x:y', 2);
    await inNamespace('other').set('b', 3);
    const entries: unknown[] = [];
    for await (const entry of keyv.iterator()) entries.push(entry);
    expect(entries).toEqual([['a', 1], ['x:y', 2]]); // prettier-ignore
  });

  it('clears its namespace alone, and never leaves its prefix', async () => {
    await store.set('session:1', 'signed in');
    const [outer, other] = [inNamespace('a'), inNamespace('ab')];
    for (const keyv of [outer, other]) await keyv.set('k', 1);
    await outer.clear();
    expect(await keysInTable()).toEqual(['keyv:ab:k', 'session:1']);
    await inNamespace().clear();
    expect(await keysInTable()).toEqual(['session:1']);
  });

  it('works on after disconnect', async () => {
    const keyv = inNamespace('n');
    await keyv.disconnect();
    await keyv.set('a', 1);
    expect(await keyv.get('a')).toBe(1);
  });

  it('reads what was written under Keyv 5, and the other way', async () => {
    const five = new Keyv({ store: new KeyvPostgresSession(store), namespace: 'n' });
    const six = inNamespace('n');
    await five.set('a', { from: 5 }, 60_000);
    await six.set('b', { from: 6 }, 60_000);
    expect(await six.get('a')).toEqual({ from: 5 });
    expect(await five.get('b')).toEqual({ from: 6 });
    await six.delete('a');
    expect(await five.get('a')).toBeUndefined();
  });

  it('tells an error once, as an error of Keyv', async () => {
    const keyv = inNamespace('n');
    const errors: unknown[] = [];
    keyv.on('error', (error: unknown) => errors.push(error));
    const long = 'k'.repeat(1_100);
    expect(await keyv.get(long)).toBeUndefined();
    expect(await keyv.set(long, 1)).toBe(false);
    expect(errors).toEqual([expect.any(RangeError), expect.any(RangeError)]);
  });
});
