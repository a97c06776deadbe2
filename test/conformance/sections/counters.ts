import { expect, it } from '@jest/globals';
import { bytes, expectTtl, outcomeOf, range, storedEntry, textOf } from '../helpers.js';
import { HOUR, MINUTE, type Section } from '../subject.js';

/** increment. */
export const counterSection: Section = (current, features) => {
  const owner = features.owners ? 'alice' : undefined;

  it('counts 1, 2, 3 in decimal ASCII', async () => {
    const { store } = current();
    await expect(store.increment('n')).resolves.toBe(1);
    await expect(store.increment('n')).resolves.toBe(2);
    await expect(store.increment('n')).resolves.toBe(3);
    expect(await store.get('n')).toEqual(bytes('3'));
  });

  it('counts by any safe integer', async () => {
    const { store } = current();
    await expect(store.increment('n', { by: 10 })).resolves.toBe(10);
    await expect(store.increment('n', { by: -25 })).resolves.toBe(-15);
    expect(await store.get('n')).toEqual(bytes('-15'));
    await expect(store.increment('n', { by: 0 })).resolves.toBe(-15);
    await expect(store.increment('n', { by: 15 })).resolves.toBe(0);
    expect(await store.get('n')).toEqual(bytes('0'));
  });

  it('goes on from a number that was set', async () => {
    const { store } = current();
    await store.set('n', '41');
    await expect(store.increment('n')).resolves.toBe(42);
  });

  it('applies the ttl only when it creates the counter', async () => {
    const { store } = current();
    await store.increment('n', { ttl: MINUTE });
    const created = await storedEntry(current(), 'n');
    expectTtl(created.ttl, MINUTE);
    await store.increment('n', { ttl: HOUR });
    expect((await storedEntry(current(), 'n')).expiresAt).toBe(created.expiresAt);
    await store.increment('m');
    await store.increment('m', { ttl: HOUR });
    expect((await storedEntry(current(), 'm')).expiresAt).toBeNull();
  });

  it('keeps the owner and the expiry', async () => {
    const { store } = current();
    await store.set('n', '1', { ttl: MINUTE, owner });
    const before = await storedEntry(current(), 'n');
    await store.increment('n');
    const after = await storedEntry(current(), 'n');
    expect(after).toEqual({ ...before, value: bytes('2'), ttl: expect.any(Number) });
  });

  it('begins anew where the counter expired', async () => {
    const { store } = current();
    await store.set('n', '41', { ttl: MINUTE, owner });
    await current().expire('n');
    await expect(store.increment('n')).resolves.toBe(1);
    expect(await storedEntry(current(), 'n')).toEqual({
      value: bytes('1'),
      expiresAt: null,
      ttl: null,
      owner: null,
    });
  });

  it('begins anew where a value that is no counter expired', async () => {
    const { store } = current();
    await store.set('n', 'abc', { ttl: MINUTE });
    await current().expire('n');
    await expect(store.increment('n', { ttl: HOUR })).resolves.toBe(1);
    expectTtl((await storedEntry(current(), 'n')).ttl, HOUR);
  });

  it.each([
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
  ])('refuses a value of %s, and leaves it', async (_, value) => {
    const { store } = current();
    await store.set('n', value, { ttl: MINUTE });
    expect(await outcomeOf(store.increment('n'))).toBe('ERR_NOT_A_COUNTER');
    expect((await store.get('n'))?.equals(Buffer.from(value))).toBe(true);
  });

  it('stops at the safe integers, both ways', async () => {
    const { store } = current();
    const last = Number.MAX_SAFE_INTEGER;
    await expect(store.increment('up', { by: last })).resolves.toBe(last);
    expect(await outcomeOf(store.increment('up'))).toBe('ERR_NOT_A_COUNTER');
    expect(await outcomeOf(store.increment('up', { by: last }))).toBe('ERR_NOT_A_COUNTER');
    expect(await textOf(current(), 'up')).toBe(String(last));
    await expect(store.increment('up', { by: -last })).resolves.toBe(0);
    await expect(store.increment('down', { by: -last })).resolves.toBe(-last);
    expect(await outcomeOf(store.increment('down', { by: -1 }))).toBe('ERR_NOT_A_COUNTER');
    expect(await textOf(current(), 'down')).toBe(String(-last));
  });

  it('gives each of many callers a number of its own', async () => {
    const { store, database } = current();
    const rival = database?.rival ?? store;
    const results = await Promise.all(
      range(200).map((i) => (i % 2 ? rival : store).increment('n')),
    );
    expect(results.sort((x, y) => x - y)).toEqual(range(200).map((i) => i + 1));
  });
};
