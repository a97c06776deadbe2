import assert from 'node:assert/strict';
import { bytes, range } from './helpers.js';
import type { Section } from './section.js';

/** Values are opaque bytes, and belong to the caller. */
export const byteSection: Section = (test) => {
  test('keeps each of the 256 byte values', async ({ store }) => {
    const all = Buffer.from(range(256));
    await store.set('all', all);
    await Promise.all(range(256).map((byte) => store.set(`byte${byte}`, Uint8Array.of(byte))));
    assert.deepEqual(await store.get('all'), all);
    for (const byte of range(256))
      assert.deepEqual(await store.get(`byte${byte}`), Buffer.of(byte));
  });

  test('tells an empty value from none', async ({ store }) => {
    await store.set('empty', '');
    await store.set('empty bytes', new Uint8Array(0));
    assert.deepEqual(await store.get('empty'), Buffer.alloc(0));
    assert.deepEqual(await store.get('empty bytes'), Buffer.alloc(0));
    assert.equal(await store.delete('empty'), true);
  });

  test('keeps a value of 1 MB', async ({ store }) => {
    const large = Buffer.from(range(1_048_576).map((i) => (i * 31 + (i >> 8)) & 0xff));
    await Promise.all([store.set('large', large), store.set('small', 'x')]);
    assert.equal((await store.get('large'))?.equals(large), true);
    const both = await store.getMany(['large', 'small']);
    assert.equal(both.get('large')?.equals(large), true);
    assert.deepEqual(both.get('small'), bytes('x'));
  });

  test('stores strings as UTF-8', async ({ store }) => {
    const text = 'naïve \u{1F9ED} \u0000 \\x41 \uFFFF \u{10FFFF}';
    await store.set('text', text);
    assert.deepEqual(await store.get('text'), bytes(text));
  });

  test('stores what a view shows, not the buffer behind it', async ({ store }) => {
    const whole = Uint8Array.from(range(64));
    await store.set('array', whole.subarray(10, 20));
    await store.set('buffer', Buffer.from(whole.buffer, 30, 5));
    await store.setMany([['entry', new Uint8Array(whole.buffer, 40, 3)]]);
    assert.deepEqual(await store.get('array'), Buffer.from(range(64).slice(10, 20)));
    assert.deepEqual(await store.get('buffer'), Buffer.from(range(64).slice(30, 35)));
    assert.deepEqual(await store.get('entry'), Buffer.from([40, 41, 42]));
  });

  test('does not take bytes for text that looks like an escape', async ({ store }) => {
    for (const text of ['\\x', '\\xdeadbeef', '\\000', '{a,b}', 'NULL', '"']) {
      await store.set('escape', text);
      assert.deepEqual(await store.get('escape'), bytes(text));
    }
  });

  test('writes what was given, though the caller uses its buffer again at once', async ({
    store,
  }) => {
    await store.set('c', 'start');
    const [one, two, three] = [bytes('one'), bytes('two'), bytes('start')];
    const calls = [
      store.set('a', one),
      store.setMany([['b', two]]),
      store.compareAndSet('c', three, one),
    ];
    for (const buffer of [one, two, three]) buffer.fill('?');
    await Promise.all(calls);
    const found = await store.getMany(['a', 'b', 'c']);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => found.get(key)?.toString()),
      ['one', 'two', 'one'],
    );
  });

  test('gives each reader bytes of its own', async ({ store }) => {
    await store.set('a', 'shared');
    const [first, second, third] = await Promise.all([
      store.get('a'),
      store.get('a'),
      store.getMany(['a', 'a']),
    ]);
    first?.fill(0);
    third.get('a')?.fill(1);
    assert.deepEqual(second, bytes('shared'));
    assert.deepEqual(await store.get('a'), bytes('shared'));
  });

  test('keeps a value that was read as it is through 10,000 further reads', async ({ store }) => {
    const keys = range(100).map((i) => `key${i}`);
    await store.setMany(keys.map((key) => [key, key.repeat(20)]));
    const held = await Promise.all(keys.map((key) => store.get(key)));
    for (let round = 0; round < 100; round++) {
      await Promise.all(keys.map((_, i) => store.get(keys[(i * 7 + round) % keys.length])));
    }
    assert.deepEqual(
      held,
      keys.map((key) => bytes(key.repeat(20))),
    );
  });
};
