import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { PostgresSessionModule, PostgresSessionStore } from '../../lib/index.js';
import { anything } from '../conformance/helpers.js';
import { failureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

/** What is no `AbortSignal`, and can do what one must. */
class SomeonesSignal {
  aborted = false;
  readonly reason = new Error('the visitor has left');
  readonly listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    this.listeners.forEach((listener) => listener());
  }
}

class ThrowingSignal extends SomeonesSignal {
  override removeEventListener(): never {
    throw new Error('not to be removed');
  }
}

describe('A signal of somebody’s own making', () => {
  const harness = Harness.use();
  const signals = [SomeonesSignal, ThrowingSignal];

  it.each(signals)('serves as one of Node’s: %p', async (Signal) => {
    const { store } = await harness.startStore({ tableName: harness.table() });
    const signal = new Signal();
    const options = { signal: anything(signal) };
    await Promise.all([store.set('a', '1', options), store.set('b', '2')]);
    expect((await store.get('a', options))?.toString()).toBe('1');
    const calls = [
      store.get('a', options),
      store.set('a', '3', options),
      store.delete('b', options),
    ];
    const settled = Promise.allSettled([...calls, store.deletePrefix('', options)]);
    signal.abort();
    for (const end of await settled) {
      expect(end).toEqual({ status: 'rejected', reason: signal.reason });
    }
    expect(await failureOf(store.get('a', options))).toBe(signal.reason);
    if (Signal === SomeonesSignal) expect(signal.listeners.size).toBe(0);
    await expect(store.get('a')).resolves.toBeDefined();
  });

  it.each(signals)('serves while the store starts: %p', async (Signal) => {
    const sessions = PostgresSessionModule.forRoot({ connection: harness.url, cleanup: false });
    const module = await Test.createTestingModule({ imports: [sessions] }).compile();
    const store = module.get(PostgresSessionStore);
    harness.onEnd(() => store.close());
    const signal = new Signal();
    const call = failureOf(store.get('a', { signal: anything(signal) }));
    signal.abort();
    expect(await call).toBe(signal.reason);
    expect(await store.get('a')).toBeUndefined();
  });
});
