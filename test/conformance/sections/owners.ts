import { expect, it } from '@jest/globals';
import { collect, MANY, numbered, outcomeOf, textOf } from '../helpers.js';
import { MINUTE, type Section } from '../subject.js';

const STRANGE = ["o'neil", 'a%b_c\\', '\u{1F600}', '\u{10ffff}', 'Ünï'];

/** scanOwner and deleteOwner; where there are no owners, the refusal of them. */
export const ownerSection: Section = (current, features) => {
  const keysOf = async (owner: string): Promise<string[]> =>
    (await collect(current().store.scanOwner(owner))).sort();

  if (!features.owners) {
    it('refuses whatever needs an owner, and says so', async () => {
      const { store } = current();
      await store.set('a', 'one');
      const owner = 'alice';
      const calls: (() => Promise<unknown>)[] = [
        () => store.set('b', 'two', { owner }),
        () => store.setMany([['b', 'two']], { owner }),
        () => store.setIfAbsent('b', 'two', { owner }),
        () => store.setIfPresent('a', 'two', { owner }),
        () => collect(store.scanOwner(owner)),
        () => store.deleteOwner(owner),
        () => store.deleteOwner(owner, { except: ['a'] }),
      ];
      for (const call of calls) {
        expect(await outcomeOf(Promise.resolve().then(call))).toBe('ERR_OWNER_UNSUPPORTED');
      }
      expect(await collect(store.scan(''))).toEqual(['a']);
    });
    return;
  }

  it('gives the live keys of an owner', async () => {
    const { store } = current();
    await store.set('a1', 'x', { owner: 'alice' });
    await store.setMany([['a2', 'x']], { owner: 'alice', ttl: MINUTE });
    await store.setIfAbsent('a3', 'x', { owner: 'alice' });
    await store.set('old', 'x', { owner: 'alice', ttl: MINUTE });
    await current().expire('old');
    await store.set('b1', 'x', { owner: 'bob' });
    await store.set('n1', 'x');
    expect(await keysOf('alice')).toEqual(['a1', 'a2', 'a3']);
    expect(await keysOf('bob')).toEqual(['b1']);
    expect(await keysOf('nobody')).toEqual([]);
    expect(await keysOf('Alice')).toEqual([]);
  });

  it('follows an entry from owner to owner', async () => {
    const { store } = current();
    await store.set('a', '1', { owner: 'alice' });
    await store.touch('a', MINUTE);
    await store.compareAndSet('a', '1', '2');
    await store.increment('a');
    await store.update('a', () => 'x');
    expect(await keysOf('alice')).toEqual(['a']);
    await store.set('a', 'x', { owner: 'bob' });
    expect(await keysOf('alice')).toEqual([]);
    expect(await keysOf('bob')).toEqual(['a']);
    await store.set('a', 'x');
    expect(await keysOf('bob')).toEqual([]);
  });

  it('gives and deletes more keys than a page holds', async () => {
    const { store } = current();
    const keys = numbered('k', MANY);
    await store.setMany(
      keys.map((key) => [key, 'x']),
      { owner: 'alice' },
    );
    expect(await keysOf('alice')).toEqual(keys);
    await expect(store.deleteOwner('alice', { except: [keys[700]] })).resolves.toBe(MANY - 1);
    expect(await keysOf('alice')).toEqual([keys[700]]);
  });

  it('deletes the entries of an owner and counts the live ones', async () => {
    const { store } = current();
    await store.setMany([['a1', 'x'], ['a2', 'x']], { owner: 'alice' }); // prettier-ignore
    await store.set('old', 'x', { owner: 'alice', ttl: MINUTE });
    await current().expire('old');
    await store.set('b1', 'x', { owner: 'bob' });
    await store.set('n1', 'x');
    await expect(store.deleteOwner('alice')).resolves.toBe(2);
    await expect(store.deleteOwner('alice')).resolves.toBe(0);
    expect(await collect(store.scan(''))).toEqual(['b1', 'n1']);
  });

  it('spares the exceptions', async () => {
    const { store } = current();
    await store.setMany(
      ['a1', 'a2', 'a3'].map((key) => [key, 'x']),
      { owner: 'alice' },
    );
    await store.set('b1', 'x', { owner: 'bob' });
    await expect(store.deleteOwner('alice', { except: ['a2', 'b1', 'absent'] })).resolves.toBe(2);
    expect(await collect(store.scan(''))).toEqual(['a2', 'b1']);
    await expect(store.deleteOwner('alice', { except: ['a2'] })).resolves.toBe(0);
    await expect(store.deleteOwner('alice', { except: [] })).resolves.toBe(1);
    expect(await collect(store.scan(''))).toEqual(['b1']);
  });

  it.each(STRANGE)('takes the owner %j literally', async (owner) => {
    const { store } = current();
    for (const one of STRANGE) await store.set(`of ${one}`, 'x', { owner: one });
    expect(await keysOf(owner)).toEqual([`of ${owner}`]);
    await expect(store.deleteOwner(owner)).resolves.toBe(1);
    expect(await keysOf(owner)).toEqual([]);
    expect(await collect(store.scan('of '))).toHaveLength(STRANGE.length - 1);
  });

  it('leaves an entry that changed hands before the deletion', async () => {
    const { store } = current();
    await store.set('a', 'one', { owner: 'alice' });
    const [, deleted] = await Promise.all([
      store.set('a', 'two', { owner: 'bob' }),
      store.deleteOwner('alice'),
    ]);
    expect(deleted).toBe(0);
    expect(await textOf(current(), 'a')).toBe('two');
  });
};
