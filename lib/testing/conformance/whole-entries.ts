import assert from 'node:assert/strict';
import {
  assertEntry,
  assertTtl,
  bytes,
  entryOf,
  HOUR,
  MINUTE,
  range,
  rejectionOf,
} from './helpers.js';
import type { Section } from './section.js';

/** getEntry: what get reads, with the time that is left and the owner. */
export const wholeEntrySection: Section = (test, features) => {
  const owner = features.owners ? 'alice' : undefined;

  test('reads undefined where no live entry is', async ({ store, shortTtl, expire }) => {
    assert.equal(await store.getEntry('absent'), undefined);
    await store.set('old', 'gone', { ttl: shortTtl, owner });
    await expire();
    assert.equal(await store.getEntry('old'), undefined);
  });

  test('reads value, time left and owner', async ({ store }) => {
    await store.set('a', Buffer.of(0, 255, 1), { ttl: HOUR, owner });
    const entry = await entryOf(store, 'a');
    assert.deepEqual(Object.keys(entry).sort(), [
      'expiresIn',
      ...(owner ? ['owner'] : []),
      'value',
    ]);
    assert.equal(Buffer.isBuffer(entry.value), true);
    await assertEntry(store, 'a', { value: Buffer.of(0, 255, 1), ttl: HOUR, owner });
  });

  test('names neither an expiry nor an owner that an entry has not', async ({ store }) => {
    await store.set('a', '');
    assert.deepEqual(Object.entries((await store.getEntry('a')) ?? {}), [['value', bytes('')]]);
  });

  test('tells at each look how much less is left', async ({ store, age }) => {
    await store.set('a', 'one', { ttl: HOUR });
    const before = await entryOf(store, 'a');
    const passed = await age();
    const after = await entryOf(store, 'a');
    assert.ok(Number(after.expiresIn) <= Number(before.expiresIn) - passed);
    assertTtl(after, HOUR - passed);
  });

  test('tells the expiry of a touch, which leaves the value as it is', async ({ store }) => {
    await store.set('a', 'one', { ttl: MINUTE, owner });
    await store.touch('a', HOUR);
    await assertEntry(store, 'a', { value: 'one', ttl: HOUR, owner });
    await store.touch('a', 0);
    assert.equal('expiresIn' in (await entryOf(store, 'a')), false);
  });

  test('gives each of many callers the entry of its own key', async ({ store }) => {
    const ttlOf = (i: number): number | undefined => (i % 3 ? (i + 1) * MINUTE : undefined);
    const ownerOf = (i: number): string | undefined =>
      features.owners && i % 2 ? `owner${i}` : undefined;
    for (const i of range(100)) {
      if (i % 7) void store.set(`k${i}`, `v${i}`, { ttl: ttlOf(i), owner: ownerOf(i) });
    }
    const entries = await Promise.all(range(100).map((i) => store.getEntry(`k${i}`)));
    entries.forEach((entry, i) => {
      if (!(i % 7)) {
        assert.equal(entry, undefined);
        return;
      }
      assert.ok(entry);
      assert.deepEqual(entry.value, bytes(`v${i}`));
      assert.equal(entry.owner, ownerOf(i));
      assertTtl(entry, ttlOf(i));
    });
  });

  test('gives each caller bytes of its own', async ({ store }) => {
    await store.set('a', 'one', { owner });
    for (const entry of await Promise.all(range(5).map(() => entryOf(store, 'a')))) {
      assert.deepEqual(entry.value, bytes('one'));
      entry.value.fill(0);
      entry.owner = 'changed';
    }
    assert.deepEqual(await store.getEntry('a'), {
      value: bytes('one'),
      ...(owner ? { owner } : {}),
    });
  });

  test('sees the writes before it, and none that is made later', async ({ store }) => {
    const seen = range(50).map((i) => {
      void store.set('a', String(i), { ttl: (i + 1) * MINUTE });
      return entryOf(store, 'a');
    });
    (await Promise.all(seen)).forEach((entry, i) => {
      assert.deepEqual(entry.value, bytes(String(i)));
      assertTtl(entry, (i + 1) * MINUTE);
    });
  });

  test('heeds a signal', async ({ store }) => {
    const reason = new Error('changed my mind');
    const aborted = store.getEntry('a', { signal: AbortSignal.abort(reason) });
    assert.equal(await rejectionOf(aborted), reason);
    assert.equal(await store.getEntry('a', { signal: new AbortController().signal }), undefined);
  });
};
