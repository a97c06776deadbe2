import { afterEach, expect, it, jest } from '@jest/globals';
import { waitFor } from '../../support/conditions.js';
import { bytes, collect, expectTtl, outcomeOf, storedEntry, textOf } from '../helpers.js';
import { HOUR, MINUTE, type Section, type Subject } from '../subject.js';

/** An expired entry is invisible at once to every method, swept or not. */
export const expirySection: Section = (current, features) => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const methods: [string, (subject: Subject) => Promise<unknown>, unknown][] = [
    ['get', ({ store }) => store.get('p:old'), undefined],
    [
      'getMany',
      async ({ store }) => [...(await store.getMany(['p:old', 'p:new'])).keys()],
      ['p:new'],
    ],
    ['getEntry', ({ store }) => store.getEntry('p:old'), undefined],
    ['delete', ({ store }) => store.delete('p:old'), false],
    ['deleteMany', ({ store }) => store.deleteMany(['p:old', 'p:new']), 1],
    ['touch', ({ store }) => store.touch('p:old', HOUR), false],
    ['setIfAbsent', ({ store }) => store.setIfAbsent('p:old', '8'), true],
    ['setIfPresent', ({ store }) => store.setIfPresent('p:old', '8'), false],
    ['getAndDelete', ({ store }) => store.getAndDelete('p:old'), undefined],
    ['compareAndSet', ({ store }) => store.compareAndSet('p:old', '7', '8'), false],
    ['update', ({ store }) => store.update('p:old', () => '8'), undefined],
    ['increment', ({ store }) => store.increment('p:old'), 1],
    ['scan', ({ store }) => collect(store.scan('p:')), ['p:new']],
    ['scan of all', ({ store }) => collect(store.scan('')), ['p:new']],
  ];
  const ownerMethods: typeof methods = [
    ['scanOwner', ({ store }) => collect(store.scanOwner('alice')), ['p:new']],
    ['deleteOwner', ({ store }) => store.deleteOwner('alice'), 1],
  ];

  it.each(features.owners ? [...methods, ...ownerMethods] : methods)(
    '%s does not see an expired entry',
    async (_, call, result) => {
      const { store } = current();
      const owner = features.owners ? 'alice' : undefined;
      await store.set('p:old', '7', { ttl: MINUTE, owner });
      await store.set('p:new', '7', { ttl: HOUR, owner });
      await current().expire('p:old');
      await expect(call(current())).resolves.toEqual(result);
    },
  );

  it.each([0.5, 1, 30])('hides an entry once its ttl of %d ms has passed', async (ttl) => {
    const { store } = current();
    await store.set('a', 'one', { ttl });
    await store.set('b', 'two');
    await waitFor(async () => (await store.get('a')) === undefined, { what: 'the expiry' });
    await expect(store.setIfAbsent('a', 'three')).resolves.toBe(true);
    expect(await textOf(current(), 'a')).toBe('three');
    expect(await textOf(current(), 'b')).toBe('two');
  });

  it('hides an entry that a touch gave a short life', async () => {
    const { store } = current();
    await store.set('a', 'one', { ttl: HOUR });
    await store.touch('a', 20);
    await waitFor(async () => (await store.get('a')) === undefined, { what: 'the expiry' });
    await expect(store.touch('a', HOUR)).resolves.toBe(false);
  });

  it('lets the clock of this process be wrong', async () => {
    const { store } = current();
    const real = Date.now.bind(Date);
    for (const shift of [24 * HOUR, -24 * HOUR]) {
      jest.spyOn(Date, 'now').mockImplementation(() => real() + shift);
      await store.set('a', 'one', { ttl: MINUTE });
      expect(await store.get('a')).toEqual(bytes('one'));
      await expect(store.touch('a', 2 * MINUTE)).resolves.toBe(true);
      expectTtl((await storedEntry(current(), 'a')).ttl, 2 * MINUTE);
      jest.restoreAllMocks();
    }
  });

  it.each([
    [Number.NaN, 'TypeError'],
    [Number.POSITIVE_INFINITY, 'TypeError'],
    [Number.NEGATIVE_INFINITY, 'TypeError'],
    [1e14 + 1, 'RangeError'],
    [Number.MAX_VALUE, 'RangeError'],
  ])('refuses a ttl of %s', async (ttl, kind) => {
    const { store } = current();
    await store.set('a', 'one');
    const calls: (() => Promise<unknown>)[] = [
      () => store.set('a', 'two', { ttl }),
      () => store.setMany([['a', 'two']], { ttl }),
      () => store.touch('a', ttl),
      () => store.setIfAbsent('b', 'two', { ttl }),
      () => store.setIfPresent('a', 'two', { ttl }),
      () => store.compareAndSet('a', 'one', 'two', { ttl }),
      () => store.update('a', () => 'two', { ttl }),
      () => store.increment('n', { ttl }),
    ];
    for (const call of calls) expect(await outcomeOf(Promise.resolve().then(call))).toBe(kind);
    expect(await textOf(current(), 'a')).toBe('one');
    expect(await collect(store.scan(''))).toEqual(['a']);
  });
};
