import assert from 'node:assert/strict';
import { assertEntry, bytes, HOUR, MINUTE, outcomeOf, range, textOf } from './helpers.js';
import type { Section } from './section.js';

/** increment. */
export const counterSection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;

  test('counts 1, 2, 3 in decimal ASCII', async ({ store }) => {
    assert.equal(await store.increment('n'), 1);
    assert.equal(await store.increment('n'), 2);
    assert.equal(await store.increment('n'), 3);
    assert.deepEqual(await store.get('n'), bytes('3'));
  });

  test('counts by any safe integer', async ({ store }) => {
    assert.equal(await store.increment('n', { by: 10 }), 10);
    assert.equal(await store.increment('n', { by: -25 }), -15);
    assert.deepEqual(await store.get('n'), bytes('-15'));
    assert.equal(await store.increment('n', { by: 0 }), -15);
    assert.equal(await store.increment('n', { by: 15 }), 0);
    assert.deepEqual(await store.get('n'), bytes('0'));
  });

  test('goes on from a number that was set', async ({ store }) => {
    await store.set('n', '41');
    assert.equal(await store.increment('n'), 42);
  });

  test('applies the ttl only when it creates the counter', async ({ store, age }) => {
    await store.increment('n', { ttl: HOUR });
    const passed = await age();
    await store.increment('n', { ttl: 9 * HOUR });
    await assertEntry(store, 'n', { value: '2', ttl: HOUR - passed });
    await store.increment('m');
    await store.increment('m', { ttl: HOUR });
    await assertEntry(store, 'm', { value: '2' });
  });

  test('keeps the owner and the expiry', async ({ store, age }) => {
    await store.set('n', '1', { ttl: HOUR, owner });
    const passed = await age();
    await store.increment('n');
    await assertEntry(store, 'n', { value: '2', ttl: HOUR - passed, owner });
  });

  test('begins anew where the counter expired', async ({ store, shortTtl, expire }) => {
    await store.set('n', '41', { ttl: shortTtl, owner });
    await expire();
    assert.equal(await store.increment('n'), 1);
    await assertEntry(store, 'n', { value: '1' });
  });

  test('begins anew where a value that is no counter expired', async ({
    store,
    shortTtl,
    expire,
  }) => {
    await store.set('n', 'abc', { ttl: shortTtl });
    await expire();
    assert.equal(await store.increment('n', { ttl: HOUR }), 1);
    await assertEntry(store, 'n', { value: '1', ttl: HOUR });
  });

  const noCounters: [string, Uint8Array | string][] = [
    ['text', 'abc'],
    ['nothing', ''],
    ['a space before', ' 1'],
    ['a line end after', '1\n'],
    ['a fraction', '1.5'],
    ['an exponent', '1e3'],
    ['hexadecimal', '0x10'],
    ['digits that are not ASCII', '\u0661'],
    ['a sign alone', '-'],
    ['more than a safe integer', '9007199254740992'],
    ['less than a safe integer', '-9007199254740992'],
    ['more than 64 bits', '9'.repeat(30)],
    ['more than any number type', '9'.repeat(200_000)],
    ['bytes that are no UTF-8', Buffer.of(0xff, 0xfe, 0x31)],
    ['a NUL after', Buffer.of(0x31, 0)],
  ];
  for (const [what, value] of noCounters) {
    test(`refuses a value of ${what}, and leaves it`, async ({ store }) => {
      await store.set('n', value, { ttl: MINUTE });
      assert.equal(await outcomeOf(() => store.increment('n')), 'ERR_NOT_A_COUNTER');
      await assertEntry(store, 'n', { value, ttl: MINUTE });
    });
  }

  test('stops at the safe integers, both ways', async ({ store }) => {
    const last = Number.MAX_SAFE_INTEGER;
    assert.equal(await store.increment('up', { by: last }), last);
    assert.equal(await outcomeOf(() => store.increment('up')), 'ERR_NOT_A_COUNTER');
    assert.equal(await outcomeOf(() => store.increment('up', { by: last })), 'ERR_NOT_A_COUNTER');
    assert.equal(await textOf(store, 'up'), String(last));
    assert.equal(await store.increment('up', { by: -last }), 0);
    assert.equal(await store.increment('down', { by: -last }), -last);
    assert.equal(await outcomeOf(() => store.increment('down', { by: -1 })), 'ERR_NOT_A_COUNTER');
    assert.equal(await textOf(store, 'down'), String(-last));
  });

  test('gives each of many callers a number of its own', async ({ store, rival }) => {
    const results = await Promise.all(
      range(200).map((i) => (i % 2 ? rival : store).increment('n')),
    );
    assert.deepEqual(
      results.sort((x, y) => x - y),
      range(200).map((i) => i + 1),
    );
  });

  test('gives each of many callers a number of its own where the counter expired', async ({
    store,
    rival,
    shortTtl,
    expire,
  }) => {
    await store.set('n', '41', { ttl: shortTtl });
    await expire();
    const results = await Promise.all(
      range(200).map((i) => (i % 2 ? rival : store).increment('n')),
    );
    assert.deepEqual(
      results.sort((x, y) => x - y),
      range(200).map((i) => i + 1),
    );
  });
};
