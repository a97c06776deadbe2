import { expect, it } from '@jest/globals';
import { collect, MANY, numbered, range } from '../helpers.js';
import type { Section } from '../subject.js';

/** deletePrefix, deleteOwner and each page of a scan order against every call of the instance. */
export const barrierSection: Section = (current, features) => {
  const entries = (keys: string[]): [string, string][] => keys.map((key) => [key, 'x']);

  it('deletes by prefix what was written before, and nothing written after', async () => {
    const { store } = current();
    await Promise.all([
      store.set('a:1', 'before'),
      store.set('b:1', 'before'),
      store.deletePrefix('a:'),
      store.set('a:2', 'after'),
    ]);
    expect(await collect(store.scan(''))).toEqual(['a:2', 'b:1']);
  });

  it('does so again and again, among many calls', async () => {
    const { store } = current();
    const reads: Promise<Buffer | undefined>[] = [];
    for (const round of range(20)) {
      for (const i of range(20)) void store.set(`a:${i}`, `${round}`);
      reads.push(store.get('a:7'));
      void store.deletePrefix(round % 2 ? 'a:' : '');
      reads.push(store.get('a:7'));
      void store.set(`b:${round}`, 'kept until the next empty prefix');
    }
    const values = (await Promise.all(reads)).map((value) => value?.toString());
    expect(values).toEqual(range(20).flatMap((round) => [`${round}`, undefined]));
    expect(await collect(store.scan(''))).toEqual(['b:18', 'b:19']);
  });

  it('empties the table between calls', async () => {
    const { store } = current();
    const results = await Promise.all([
      store.set('a', '1'),
      store.deletePrefix(''),
      store.setIfAbsent('a', '2'),
      store.increment('a'),
      store.deletePrefix(''),
      store.increment('a'),
    ]);
    expect(results).toEqual([undefined, undefined, true, 3, undefined, 1]);
  });

  it('orders bulk writes around a deletion by prefix', async () => {
    const { store } = current();
    const keys = numbered('a:', MANY);
    const [, , found, , count] = await Promise.all([
      store.setMany(entries(keys)),
      store.deletePrefix('a:0'),
      store.getMany(keys),
      store.setMany(entries(keys.slice(0, 3))),
      store.deleteMany(keys),
    ]);
    expect(found.size).toBe(0);
    expect(count).toBe(3);
  });

  it('reads a page of a scan between the calls around it', async () => {
    const { store } = current();
    void store.setMany(entries(['a:1', 'a:2']));
    const first = collect(store.scan('a:'));
    void store.set('a:0', 'x');
    void store.delete('a:1');
    const second = collect(store.scan('a:'));
    void store.deletePrefix('a:');
    const third = collect(store.scan(''));
    const last = store.set('a:9', 'x');
    expect(await Promise.all([first, second, third])).toEqual([['a:1', 'a:2'], ['a:0', 'a:2'], []]);
    await last;
  });

  if (features.owners) {
    it('deletes of an owner what was written before, and nothing written after', async () => {
      const { store } = current();
      const owner = 'alice';
      const results = await Promise.all([
        store.set('a', '1', { owner }),
        store.setMany(entries(['b', 'c']), { owner }),
        store.deleteOwner(owner, { except: ['c'] }),
        store.set('a', '2', { owner }),
        store.setIfAbsent('b', '2', { owner }),
        store.getMany(['a', 'b', 'c']).then((found) => found.size),
        store.set('c', '2', { owner: 'bob' }),
        store.deleteOwner(owner),
        store.get('a'),
      ]);
      expect(results).toEqual([
        undefined,
        undefined,
        2,
        undefined,
        true,
        3,
        undefined,
        2,
        undefined,
      ]);
      expect(await collect(store.scan(''))).toEqual(['c']);
    });

    it('reads a page of an owner between the calls around it', async () => {
      const { store } = current();
      void store.set('a', '1', { owner: 'alice' });
      const first = collect(store.scanOwner('alice'));
      void store.set('b', '1', { owner: 'alice' });
      void store.set('a', '1', { owner: 'bob' });
      const second = collect(store.scanOwner('alice'));
      void store.deleteOwner('alice');
      const third = collect(store.scanOwner('alice'));
      expect(await Promise.all([first, second, third])).toEqual([['a'], ['b'], []]);
    });
  }
};
