import { expect, it } from '@jest/globals';
import { bytes, collect, databaseOf, textOf } from '../helpers.js';
import type { Section } from '../subject.js';

/** signal: rejects with its reason; what was aborted before it was sent is never sent. */
export const signalSection: Section = (current, features) => {
  const aborted = (reason?: unknown): { signal: AbortSignal } => ({
    signal: AbortSignal.abort(reason),
  });

  it('does nothing with a signal that was aborted before', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const reason = new Error('changed my mind');
    await expect(store.get('a', aborted(reason))).rejects.toBe(reason);
    await expect(store.set('a', 'two', aborted(reason))).rejects.toBe(reason);
    await expect(store.set('b', 'two', aborted(reason))).rejects.toBe(reason);
    await expect(store.delete('a', aborted(reason))).rejects.toBe(reason);
    await expect(store.deletePrefix('', aborted(reason))).rejects.toBe(reason);
    await expect(store.deletePrefix('a', aborted(reason))).rejects.toBe(reason);
    expect(await collect(store.scan(''))).toEqual(['a']);
    expect(await textOf(current(), 'a')).toBe('one');
  });

  it('rejects with the reason, whatever it is', async () => {
    const { store } = current();
    await expect(store.get('a', aborted('a string'))).rejects.toBe('a string');
    await expect(store.get('a', aborted(null))).rejects.toBeNull();
    await expect(store.get('a', aborted())).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('heeds a signal that never aborts no further', async () => {
    const { store } = current();
    const { signal } = new AbortController();
    await store.set('a', 'one', { signal });
    expect(await store.get('a', { signal })).toEqual(bytes('one'));
    await expect(store.delete('a', { signal })).resolves.toBe(true);
    await store.deletePrefix('a', { signal });
  });

  it('changes nothing when it aborts after the call ended', async () => {
    const { store } = current();
    const controller = new AbortController();
    await store.set('a', 'one', { signal: controller.signal });
    controller.abort();
    expect(await textOf(current(), 'a')).toBe('one');
  });

  it('serves many calls of one signal', async () => {
    const { store } = current();
    const controller = new AbortController();
    const reason = new Error('the request is gone');
    const calls = [1, 2, 3].map((i) => store.set(`k${i}`, 'x', { signal: controller.signal }));
    const reads = [1, 2, 3].map((i) => store.get(`k${i}`, { signal: controller.signal }));
    const settled = Promise.allSettled([...calls, ...reads]);
    controller.abort(reason);
    for (const end of await settled) expect(end).toEqual({ status: 'rejected', reason });
  });

  it('tells the call that still waits, where the one before it on the key was aborted', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const controller = new AbortController();
    const first = store.delete('a', { signal: controller.signal });
    const second = store.delete('a');
    const third = store.delete('a');
    controller.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    expect(await Promise.all([second, third])).toEqual([true, false]);
  });

  if (!features.database) return;

  it('never sends a call that was aborted while it waited for its turn', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const held = await databaseOf(current()).hold('a', 'held');
    const controller = new AbortController();
    const { signal } = controller;
    const first = store.set('a', 'two');
    await held.waitedFor();
    const reason = new Error('too late');
    const waiting = [
      store.set('a', 'three', { signal }),
      store.get('a', { signal }),
      store.delete('a', { signal }),
      store.deletePrefix('a', { signal }),
      store.deletePrefix('', { signal }),
    ];
    const settled = Promise.allSettled(waiting);
    const last = store.get('a');
    controller.abort(reason);
    // They end while the row is still held.
    for (const end of await settled) expect(end).toEqual({ status: 'rejected', reason });
    await held.release();
    await first;
    expect(await last).toEqual(bytes('two'));
  });

  it('lets a call under way be left, and keeps the order after it', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const held = await databaseOf(current()).hold('a', 'held');
    const controller = new AbortController();
    const reason = new Error('waited long enough');
    const left = store.set('a', 'two', { signal: controller.signal });
    const next = store.set('a', 'three');
    await held.waitedFor();
    controller.abort(reason);
    await expect(left).rejects.toBe(reason);
    await held.release();
    await next;
    expect(await textOf(current(), 'a')).toBe('three');
  });
};
