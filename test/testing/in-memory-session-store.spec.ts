import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PostgresSessionError } from '../../lib/index.js';
import { InMemorySessionStore } from '../../lib/testing/index.js';
import { anything, bytes, collect, outcomeOf } from '../conformance/helpers.js';

const unanswered = new PostgresSessionError('ERR_CONNECTION', 'no answer');

describe('the clock of InMemorySessionStore', () => {
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('is moved by advance alone', async () => {
    const store = new InMemorySessionStore({ now: () => 0 });
    await store.set('a', 'x', { ttl: 1_000 });
    store.advance(999.5);
    expect(await store.getEntry('a')).toEqual({ value: bytes('x'), expiresIn: 0.5 });
    store.advance(0.5);
    expect(await store.get('a')).toBeUndefined();
  });

  it('is the one that was given', async () => {
    let now = 5_000;
    const store = new InMemorySessionStore({ now: () => now });
    await store.set('a', 'x', { ttl: 1_000 });
    now += 400;
    expect(await store.getEntry('a')).toMatchObject({ expiresIn: 600 });
    now += 600;
    expect(await store.getEntry('a')).toBeUndefined();
  });

  it('does not heed the clock of the process', async () => {
    const store = new InMemorySessionStore();
    await store.set('a', 'x', { ttl: 60_000 });
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    expect(await store.get('a')).toEqual(bytes('x'));
  });

  it('follows fake timers, which hold up no call', async () => {
    jest.useFakeTimers();
    const store = new InMemorySessionStore();
    await store.set('a', 'x', { ttl: 60_000 });
    jest.advanceTimersByTime(59_000);
    expect(await store.get('a')).toEqual(bytes('x'));
    jest.advanceTimersByTime(1_000);
    expect(await store.get('a')).toBeUndefined();
  });

  it.each([-1, Number.NaN, Infinity, anything('5')])('does not advance by %p', (ms) => {
    expect(() => new InMemorySessionStore().advance(ms)).toThrow(/ms must be/);
  });
});

describe('failures of InMemorySessionStore', () => {
  it('meet the next call that is made, once, and keep it from taking effect', async () => {
    const store = new InMemorySessionStore();
    const before = store.set('a', 'before');
    store.failNext(unanswered);
    const results = await Promise.allSettled([before, store.set('a', 'lost'), store.get('a')]);
    expect(results).toEqual([
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: unanswered },
      { status: 'fulfilled', value: bytes('before') },
    ]);
  });

  it('meet the calls of one method, as often as was asked, through a view too', async () => {
    const store = new InMemorySessionStore();
    store.failNext(unanswered, { method: 'get', times: 2 });
    await store.set('a', 'x');
    const outcomes = [
      await outcomeOf(store.namespace('n:').get('a')),
      await outcomeOf(store.get('a')),
      await outcomeOf(store.get('a')),
    ];
    expect(outcomes).toEqual(['ERR_CONNECTION', 'ERR_CONNECTION', 'fulfilled']);
  });

  it('meet a scan', async () => {
    const store = new InMemorySessionStore();
    store.failNext(unanswered, { method: 'scan' });
    await expect(collect(store.scan(''))).rejects.toBe(unanswered);
    expect(await collect(store.scan(''))).toEqual([]);
  });

  it('are not used up by a call with a bad argument', async () => {
    const store = new InMemorySessionStore();
    store.failNext(unanswered);
    await expect(store.get('')).rejects.toThrow(TypeError);
    await expect(store.get('a')).rejects.toBe(unanswered);
  });

  it.each([
    [{ method: anything('fetch') }, /method must be one of get, /],
    [{ method: anything('namespace') }, /method must be one of/],
    [{ times: 0 }, /times must be a whole number/],
    [{ time: 1 }, /no option "time". Known are method, times/],
  ])('are refused with %j', (options, message) => {
    expect(() => new InMemorySessionStore().failNext(unanswered, anything(options))).toThrow(
      message,
    );
  });
});

describe('a hold of InMemorySessionStore', () => {
  it('keeps calls waiting until it is released, and then they go in order', async () => {
    const store = new InMemorySessionStore();
    await store.set('n', '0');
    const release = store.hold();
    let answered = false;
    const calls = [store.increment('n'), store.delete('n'), store.increment('n')];
    void calls[0].then(() => (answered = true));
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    release();
    release();
    expect(await Promise.all(calls)).toEqual([1, true, 1]);
  });

  it('lasts until every one is released', async () => {
    const store = new InMemorySessionStore();
    const [first, second] = [store.hold(), store.hold()];
    let answered = false;
    const call = store.get('a').then(() => (answered = true));
    first();
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    second();
    await call;
  });

  it('lets calls that wait be aborted, and those are never made', async () => {
    const store = new InMemorySessionStore();
    const release = store.hold();
    const { signal, abort } = abortable();
    const call = store.set('a', 'x', { signal });
    abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    release();
    expect(await store.get('a')).toBeUndefined();
  });

  it('fills the queue up to maxQueue calls, a getMany as many as its keys', async () => {
    const store = new InMemorySessionStore({ maxQueue: 4 });
    const release = store.hold();
    const made = [store.getMany(['a', 'b', 'c']), store.get('a')];
    expect(await outcomeOf(store.get('b'))).toBe('ERR_OVERLOADED');
    release();
    await Promise.all(made);
    expect(await outcomeOf(store.get('b'))).toBe('fulfilled');
    expect(await outcomeOf(store.getMany(['a', 'b', 'c', 'd', 'e']))).toBe('ERR_OVERLOADED');
  });
});

describe('InMemorySessionStore', () => {
  it('is empty after clear, and no failure is left', async () => {
    const store = new InMemorySessionStore();
    await store.set('a', 'x', { owner: 'alice' });
    store.failNext(unanswered);
    store.clear();
    expect(await collect(store.scan(''))).toEqual([]);
    expect(await store.setIfAbsent('a', 'y')).toBe(true);
  });

  it('refuses every call after close, once those before have ended', async () => {
    const store = new InMemorySessionStore();
    const before = store.set('a', 'x');
    const closed = store.close();
    expect(await outcomeOf(store.get('a'))).toBe('ERR_STORE_CLOSED');
    expect(await outcomeOf(collect(store.namespace('n:').scan('')))).toBe('ERR_STORE_CLOSED');
    await Promise.all([before, closed, store.close()]);
  });

  it('cuts calls off at close that are held', async () => {
    const store = new InMemorySessionStore();
    store.hold();
    const call = store.get('a');
    await Promise.all([
      store.close(),
      expect(call).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' }),
    ]);
  });

  it('shows nothing of what it keeps when it is printed', async () => {
    const { inspect } = await import('node:util');
    const store = new InMemorySessionStore();
    await store.set('a-secret-key', 'x');
    expect(inspect(store, { depth: 9, showHidden: true })).not.toContain('a-secret-key');
  });

  it.each([
    [{ now: anything(5) }, /now must be a function, not number/],
    [{ maxQueue: 0 }, /maxQueue must be a whole number/],
    [{ maxqueue: 1 }, /no option "maxqueue". Known are now, maxQueue/],
    [anything(5), /options of InMemorySessionStore must be an object, not number/],
  ])('refuses the options %j', (options, message) => {
    expect(() => new InMemorySessionStore(anything(options))).toThrow(message);
  });
});

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
