import { expect, it } from '@jest/globals';
import { bytes, textOf } from '../helpers.js';
import type { Section } from '../subject.js';

/** Calls that are aborted while the database makes one wait. */
export const signalSection: Section = (current) => {
  it('never sends a call that was aborted while it waited for its turn', async () => {
    const { store } = current();
    await store.set('a', 'one');
    const held = await current().hold('a', 'held');
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
    const held = await current().hold('a', 'held');
    const controller = new AbortController();
    const reason = new Error('waited long enough');
    const left = store.set('a', 'two', { signal: controller.signal });
    const next = store.set('a', 'three');
    await held.waitedFor();
    controller.abort(reason);
    await expect(left).rejects.toBe(reason);
    await held.release();
    await next;
    expect(await textOf(store, 'a')).toBe('three');
  });
};
