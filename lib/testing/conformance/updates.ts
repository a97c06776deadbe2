import assert from 'node:assert/strict';
import { assertEntry, bytes, HOUR, MINUTE, range, rejectionOf, textOf } from './helpers.js';
import type { Section } from './section.js';

const plusOne = (current: Buffer): string => String(Number(current.toString()) + 1);

/** update: read, change and write as one. */
export const updateSection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;

  test('writes what the function makes of the value, and gives it back', async ({ store, age }) => {
    await store.set('a', 'one', { ttl: HOUR, owner });
    const passed = await age();
    const written = await store.update('a', (value) => `${value.toString()} two`);
    assert.deepEqual(written, bytes('one two'));
    await assertEntry(store, 'a', { value: 'one two', ttl: HOUR - passed, owner });
  });

  test('sets a new expiry when asked', async ({ store }) => {
    await store.set('a', '1', { ttl: MINUTE, owner });
    await store.update('a', plusOne, { ttl: 5 * MINUTE });
    await assertEntry(store, 'a', { value: '2', ttl: 5 * MINUTE, owner });
    await store.update('a', plusOne, { ttl: -1 });
    await assertEntry(store, 'a', { value: '3', owner });
  });

  test('leaves the entry as it is when the function gives undefined', async ({ store, age }) => {
    await store.set('a', 'one', { ttl: HOUR, owner });
    const passed = await age();
    assert.equal(await store.update('a', () => undefined, { ttl: 1 }), undefined);
    await assertEntry(store, 'a', { value: 'one', ttl: HOUR - passed, owner });
  });

  test('never creates an entry, nor calls the function without one', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.set('old', 'gone', { ttl: shortTtl });
    await expire();
    const seen: Buffer[] = [];
    const note = (value: Buffer): string => {
      seen.push(value);
      return 'made';
    };
    assert.equal(await store.update('old', note), undefined);
    assert.equal(await store.update('absent', note), undefined);
    assert.deepEqual(seen, []);
    assert.equal(await textOf(store, 'old'), undefined);
  });

  test('takes a change of the bytes in place', async ({ store }) => {
    await store.set('a', 'abc');
    const written = await store.update('a', (value) => value.fill('z', 0, 1));
    assert.deepEqual(written, bytes('zbc'));
    assert.equal(await textOf(store, 'a'), 'zbc');
  });

  test('takes the empty value, in and out', async ({ store }) => {
    await store.set('a', '');
    assert.deepEqual(await store.update('a', (value) => `${value.length}`), bytes('0'));
    assert.deepEqual(await store.update('a', () => new Uint8Array(0)), Buffer.alloc(0));
    assert.deepEqual(await store.get('a'), Buffer.alloc(0));
  });

  test('rejects with what the function throws, and writes nothing', async ({ store }) => {
    await store.set('a', 'one');
    const fault = new Error('not today');
    const failing = store.update('a', () => {
      throw fault;
    });
    assert.equal(await rejectionOf(failing), fault);
    assert.equal(await textOf(store, 'a'), 'one');
  });

  test('loses no update of many callers', async ({ store, rival }) => {
    await store.set('a', '0');
    const results = await Promise.all(
      range(40).map((i) => (i % 2 ? rival : store).update('a', plusOne)),
    );
    assert.equal(await textOf(store, 'a'), '40');
    const written = results.map((value) => Number(value)).sort((x, y) => x - y);
    assert.deepEqual(
      written,
      range(40).map((i) => i + 1),
    );
  });
};
