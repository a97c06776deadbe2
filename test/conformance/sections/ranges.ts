import { expect, it } from '@jest/globals';
import { collect, MANY, numbered, range } from '../helpers.js';
import type { Section } from '../subject.js';

/**
 * A range call waits for the earlier writes that it can meet, and only later writes that it can meet wait
 * for it. Reads wait for none.
 */
export const rangeOrderSection: Section = (current, features) => {
  const entries = (keys: string[]): [string, string][] => keys.map((key) => [key, 'x']);

  it('deletePrefix deletes what was written before, and nothing written after', async () => {
    const { store } = current();
    await Promise.all([
      store.set('a:1', 'before'),
      store.set('b:1', 'before'),
      store.deletePrefix('a:'),
      store.set('a:2', 'after'),
    ]);
    expect(await collect(store.scan(''))).toEqual(['a:2', 'b:1']);
  });

  it('deletePrefix keeps its place among many writes, again and again', async () => {
    const { store } = current();
    for (const round of range(20)) {
      for (const i of range(20)) void store.set(`a:${i}`, 'deleted');
      const deleted = store.deletePrefix(round % 2 ? 'a:' : '');
      void store.set('a:7', `${round}`);
      void store.set(`b:${round}`, 'kept until the next empty prefix');
      const value = store.get('a:7');
      await deleted;
      expect((await value)?.toString()).toBe(`${round}`);
    }
    expect(await collect(store.scan(''))).toEqual(['a:7', 'b:18', 'b:19']);
  });

  it('the empty prefix empties the table between writes', async () => {
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

  it('deletePrefix orders against writes of many keys', async () => {
    const { store } = current();
    const keys = numbered('a:', MANY);
    const [, , , count] = await Promise.all([
      store.setMany(entries(keys)),
      store.deletePrefix('a:0'),
      store.setMany(entries(keys.slice(0, 3))),
      store.deleteMany(keys),
    ]);
    expect(count).toBe(3 + keys.filter((key) => !key.startsWith('a:0')).length);
  });

  it('two deletions by prefix leave each other alone, and each keeps its place', async () => {
    const { store } = current();
    await Promise.all([
      store.setMany(entries(['a:1', 'b:1', 'a:b:1'])),
      store.deletePrefix('a:'),
      store.deletePrefix('b:'),
      store.set('b:2', 'after'),
      store.deletePrefix('a:b:'),
      store.set('a:b:2', 'after'),
    ]);
    expect(await collect(store.scan(''))).toEqual(['a:b:2', 'b:2']);
  });

  it('a scan sees what was written before it', async () => {
    const { store } = current();
    void store.setMany(entries(['a:1', 'a:2']));
    void store.touch('a:1', 60_000);
    void store.delete('a:2');
    void store.set('a:3', 'x');
    void store.deletePrefix('a:3');
    void store.set('b:1', 'x');
    expect(await collect(store.scan('a:'))).toEqual(['a:1']);
  });

  it('a scan that is not read to its end holds nobody up', async () => {
    const { store } = current();
    await store.setMany(entries(['a:1', 'a:2']));
    const keys = store.scan('a:')[Symbol.asyncIterator]();
    expect(await keys.next()).toEqual({ done: false, value: 'a:1' });
    await store.deletePrefix('a:');
    await store.set('a:3', 'x');
    await keys.return?.();
    expect(await collect(store.scan('a:'))).toEqual(['a:3']);
  });

  if (features.database) {
    it('while a deletion waits for a row, only writes that it can meet wait for it', async () => {
      const { store, database } = current();
      await store.setMany(entries(['a:1', 'a:2', 'b:1']));
      const row = await database?.hold('a:1', 'x');
      const deleted = store.deletePrefix('a:');
      await row?.waitedFor();
      let isWritten = false;
      const written = store.set('a:9', 'after').then(() => (isWritten = true));
      const others = await Promise.all([
        store.get('b:1'),
        store.get('a:2').then(() => 'read'),
        store.set('b:2', 'y').then(() => 'written'),
        collect(store.scan('b:')),
      ]);
      expect(others.slice(1)).toEqual(['read', 'written', ['b:1', 'b:2']]);
      await store.deletePrefix('b:');
      expect(isWritten).toBe(false);
      await row?.release();
      await Promise.all([deleted, written]);
      expect(await collect(store.scan(''))).toEqual(['a:9']);
    });
  }

  if (features.owners) {
    it('deleteOwner deletes what was written before, and nothing written after', async () => {
      const { store } = current();
      const owner = 'alice';
      const results = await Promise.all([
        store.set('a', '1', { owner }),
        store.setMany(entries(['b', 'c']), { owner }),
        store.deleteOwner(owner, { except: ['c'] }),
        store.set('a', '2', { owner }),
        store.setIfAbsent('b', '2', { owner }),
        store.set('c', '2', { owner: 'bob' }),
      ]);
      expect(results).toEqual([undefined, undefined, 2, undefined, true, undefined]);
      expect(await collect(store.scan(''))).toEqual(['a', 'b', 'c']);
      expect(await store.deleteOwner(owner)).toBe(2);
    });

    it('scanOwner sees what was written before it', async () => {
      const { store } = current();
      void store.set('a', '1', { owner: 'alice' });
      void store.set('b', '1', { owner: 'alice' });
      void store.set('a', '1', { owner: 'bob' });
      expect(await collect(store.scanOwner('alice'))).toEqual(['b']);
    });
  }
};
