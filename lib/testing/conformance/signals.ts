import assert from 'node:assert/strict';
import { bytes, collect, nameOf, rejectionOf, textOf } from './helpers.js';
import type { Section } from './section.js';

/** signal: rejects with its reason; what was aborted before it was sent is never sent. */
export const signalSection: Section = (test) => {
  const aborted = (reason?: unknown): { signal: AbortSignal } => ({
    signal: AbortSignal.abort(reason),
  });

  test('does nothing with a signal that was aborted before', async ({ store }) => {
    await store.set('a', 'one');
    const reason = new Error('changed my mind');
    assert.equal(await rejectionOf(store.get('a', aborted(reason))), reason);
    assert.equal(await rejectionOf(store.set('a', 'two', aborted(reason))), reason);
    assert.equal(await rejectionOf(store.set('b', 'two', aborted(reason))), reason);
    assert.equal(await rejectionOf(store.delete('a', aborted(reason))), reason);
    assert.equal(await rejectionOf(store.deletePrefix('', aborted(reason))), reason);
    assert.equal(await rejectionOf(store.deletePrefix('a', aborted(reason))), reason);
    assert.deepEqual(await collect(store.scan('')), ['a']);
    assert.equal(await textOf(store, 'a'), 'one');
  });

  test('rejects with the reason, whatever it is', async ({ store }) => {
    assert.equal(await rejectionOf(store.get('a', aborted('a string'))), 'a string');
    assert.equal(await rejectionOf(store.get('a', aborted(null))), null);
    assert.equal(nameOf(await rejectionOf(store.get('a', aborted()))), 'AbortError');
  });

  test('heeds a signal that never aborts no further', async ({ store }) => {
    const { signal } = new AbortController();
    await store.set('a', 'one', { signal });
    assert.deepEqual(await store.get('a', { signal }), bytes('one'));
    assert.equal(await store.delete('a', { signal }), true);
    await store.deletePrefix('a', { signal });
  });

  test('changes nothing when it aborts after the call ended', async ({ store }) => {
    const controller = new AbortController();
    await store.set('a', 'one', { signal: controller.signal });
    controller.abort();
    assert.equal(await textOf(store, 'a'), 'one');
  });

  test('serves many calls of one signal', async ({ store }) => {
    const controller = new AbortController();
    const reason = new Error('the request is gone');
    const calls = [1, 2, 3].map((i) => store.set(`k${i}`, 'x', { signal: controller.signal }));
    const reads = [1, 2, 3].map((i) => store.get(`k${i}`, { signal: controller.signal }));
    const settled = Promise.allSettled([...calls, ...reads]);
    controller.abort(reason);
    for (const end of await settled) assert.deepEqual(end, { status: 'rejected', reason });
  });

  test('tells the call that still waits, where the one before it on the key was aborted', async ({
    store,
  }) => {
    await store.set('a', 'one');
    const controller = new AbortController();
    const first = store.delete('a', { signal: controller.signal });
    const second = store.delete('a');
    const third = store.delete('a');
    controller.abort();
    assert.equal(nameOf(await rejectionOf(first)), 'AbortError');
    assert.deepEqual(await Promise.all([second, third]), [true, false]);
  });
};
