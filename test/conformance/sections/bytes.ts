import { expect, it } from '@jest/globals';
import { bytes, range } from '../helpers.js';
import type { Section } from '../subject.js';

/** Values are opaque bytes, and belong to the caller. */
export const byteSection: Section = (current) => {
  it('keeps each of the 256 byte values', async () => {
    const { store } = current();
    const all = Buffer.from(range(256));
    await store.set('all', all);
    await Promise.all(range(256).map((byte) => store.set(`byte${byte}`, Uint8Array.of(byte))));
    expect(await store.get('all')).toEqual(all);
    for (const byte of range(256)) expect(await store.get(`byte${byte}`)).toEqual(Buffer.of(byte));
  });

  it('tells an empty value from none', async () => {
    const { store } = current();
    await store.set('empty', '');
    await store.set('empty bytes', new Uint8Array(0));
    expect(await store.get('empty')).toEqual(Buffer.alloc(0));
    expect(await store.get('empty bytes')).toEqual(Buffer.alloc(0));
    await expect(store.delete('empty')).resolves.toBe(true);
  });

  it('keeps a value of 1 MB', async () => {
    const { store } = current();
    const large = Buffer.from(range(1_048_576).map((i) => (i * 31 + (i >> 8)) & 0xff));
    await Promise.all([store.set('large', large), store.set('small', 'x')]);
    expect((await store.get('large'))?.equals(large)).toBe(true);
    const both = await store.getMany(['large', 'small']);
    expect(both.get('large')?.equals(large)).toBe(true);
    expect(both.get('small')).toEqual(bytes('x'));
  });

  it('stores strings as UTF-8', async () => {
    const { store } = current();
    const text = 'naïve \u{1F9ED} \u0000 \\x41 \uFFFF \u{10FFFF}';
    await store.set('text', text);
    expect(await store.get('text')).toEqual(bytes(text));
  });

  it('stores what a view shows, not the buffer behind it', async () => {
    const { store } = current();
    const whole = Uint8Array.from(range(64));
    await store.set('array', whole.subarray(10, 20));
    await store.set('buffer', Buffer.from(whole.buffer, 30, 5));
    await store.setMany([['entry', new Uint8Array(whole.buffer, 40, 3)]]);
    expect(await store.get('array')).toEqual(Buffer.from(range(64).slice(10, 20)));
    expect(await store.get('buffer')).toEqual(Buffer.from(range(64).slice(30, 35)));
    expect(await store.get('entry')).toEqual(Buffer.from([40, 41, 42]));
  });

  it('does not take bytes for text that looks like an escape', async () => {
    const { store } = current();
    for (const text of ['\\x', '\\xdeadbeef', '\\000', '{a,b}', 'NULL', '"']) {
      await store.set('escape', text);
      expect(await store.get('escape')).toEqual(bytes(text));
    }
  });

  it('writes what was given, though the caller uses its buffer again at once', async () => {
    const { store } = current();
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
    expect(['a', 'b', 'c'].map((key) => found.get(key)?.toString())).toEqual(['one', 'two', 'one']);
  });

  it('gives each reader bytes of its own', async () => {
    const { store } = current();
    await store.set('a', 'shared');
    const [first, second, third] = await Promise.all([
      store.get('a'),
      store.get('a'),
      store.getMany(['a', 'a']),
    ]);
    first?.fill(0);
    third.get('a')?.fill(1);
    expect(second).toEqual(bytes('shared'));
    expect(await store.get('a')).toEqual(bytes('shared'));
  });

  it('keeps a value that was read as it is through 10,000 further reads', async () => {
    const { store } = current();
    const keys = range(100).map((i) => `key${i}`);
    await store.setMany(keys.map((key) => [key, key.repeat(20)]));
    const held = await Promise.all(keys.map((key) => store.get(key)));
    for (let round = 0; round < 100; round++) {
      await Promise.all(keys.map((_, i) => store.get(keys[(i * 7 + round) % keys.length])));
    }
    expect(held).toEqual(keys.map((key) => bytes(key.repeat(20))));
  });
};
