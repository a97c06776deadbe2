import { expect, it } from '@jest/globals';
import { byBytes, collect, MANY, numbered } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

/** Code points on each side of the borders of UTF-8 and of the surrogates, and LIKE's own. */
export const EDGES = [
  '%', '_', '\\', '\u0001', 'a', '\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000',
  '\uffff', '\u{10000}', '\u{10ffff}',
]; // prettier-ignore

/** deletePrefix. */
export const prefixSection: Section = (current) => {
  async function keysLeft(): Promise<string[]> {
    return collect(current().store.scan(''));
  }

  it('deletes what begins with the prefix and nothing else', async () => {
    const { store } = current();
    await store.setMany(['a', 'a:', 'a:1', 'a:2', 'a;', 'b:1', 'A:1'].map((key) => [key, 'x']));
    await expect(store.deletePrefix('a:')).resolves.toBeUndefined();
    expect(await keysLeft()).toEqual(['A:1', 'a', 'a;', 'b:1']);
  });

  it('deletes nothing where nothing begins so', async () => {
    const { store } = current();
    await store.set('a', 'x');
    await store.deletePrefix('ab');
    expect(await keysLeft()).toEqual(['a']);
  });

  it('deletes everything by the empty prefix', async () => {
    const { store } = current();
    await store.setMany(EDGES.map((key) => [key, 'x']));
    await store.set('old', 'x', { ttl: MINUTE });
    await current().expire('old');
    await store.deletePrefix('');
    expect(await keysLeft()).toEqual([]);
    await expect(current().stored('old')).resolves.toBeUndefined();
    await store.set('a', 'again');
    expect(await keysLeft()).toEqual(['a']);
  });

  it('deletes expired entries too', async () => {
    const { store } = current();
    await store.setMany([['a:1', 'x']], { ttl: MINUTE });
    await current().expire('a:1');
    await store.deletePrefix('a:');
    await expect(current().stored('a:1')).resolves.toBeUndefined();
  });

  it.each(EDGES.map((edge) => [escape(edge), edge]))(
    'takes the prefix %s literally',
    async (_, edge) => {
      const { store } = current();
      const keys = EDGES.flatMap((one) => [
        one,
        `${one}x`,
        `x${one}`,
        ...EDGES.map((two) => one + two),
      ]);
      await store.setMany(keys.map((key) => [key, 'x']));
      const begins = [...new Set(keys)].filter((key) => key.startsWith(edge)).sort(byBytes);
      expect(await collect(store.scan(edge))).toEqual(begins);
      await store.deletePrefix(edge);
      const left = [...new Set(keys)].filter((key) => !key.startsWith(edge)).sort(byBytes);
      expect(await keysLeft()).toEqual(left);
    },
  );

  it('takes a prefix as long as a key, which may be a whole one', async () => {
    const { store, prefix } = current();
    const longest = 'k'.repeat(1_024 - Buffer.byteLength(prefix));
    await store.setMany([
      [longest, 'x'],
      [longest.slice(1), 'x'],
    ]);
    await store.deletePrefix(longest);
    expect(await keysLeft()).toEqual([longest.slice(1)]);
  });

  it('deletes more than a page holds', async () => {
    const { store } = current();
    await store.setMany([...numbered('a:', MANY), 'b:1'].map((key) => [key, 'x']));
    await store.deletePrefix('a:');
    expect(await keysLeft()).toEqual(['b:1']);
  });

  function escape(text: string): string {
    return `U+${(text.codePointAt(0) ?? 0).toString(16)}`;
  }
};
