import { describe, expect, it } from '@jest/globals';
import { liveSessionStores, type PostgresSessionStore } from '../../lib/index.js';
import { ownFailureOf } from '../support/failures.js';
import { startStore } from '../support/app.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import { waitFor } from '../support/conditions.js';

describe('stats()', () => {
  const harness = Harness.use();

  it('tells what the pool and the calls do, before, while and after calls wait', async () => {
    const tableName = harness.table();
    const pool = harness.pool({ max: 6 });
    const { store } = await harness.startStore({
      ...{ pool, tableName, operationTimeout: false as const },
      batching: { maxQueue: 500 },
    });
    await store.set('a', 'x');
    const idle = { queued: 0, inFlight: 0, maxQueue: 500 };
    expect(store.stats()).toEqual({
      state: 'ready',
      pool: { total: expect.any(Number), idle: expect.any(Number), waiting: 0, max: 6 },
      calls: idle,
      statements: { inFlight: 0 },
    });
    const holder = await harness.connect();
    await holder.query(`BEGIN; LOCK TABLE ${tableName}`);
    const calls = Array.from({ length: 100 }, (_, n) => store.increment(`n${n}`));
    await blockedBy(harness, holder);
    const { pool: busy, calls: waiting, statements } = store.stats();
    expect(waiting.queued + waiting.inFlight).toBe(100);
    expect(waiting.inFlight).toBeGreaterThan(0);
    expect(statements.inFlight).toBe(waiting.inFlight);
    expect(busy.total - busy.idle).toBeGreaterThan(0);
    await holder.query('ROLLBACK');
    await Promise.all(calls);
    expect(store.stats().calls).toEqual(idle);
    await store.close();
    expect(store.stats().state).toBe('closed');
  });

  it('counts calls that share a place, and no call that nobody waits for', async () => {
    const tableName = harness.table();
    const { store } = await harness.startStore({ tableName, operationTimeout: false });
    const holder = await harness.connect();
    await holder.query(`BEGIN; LOCK TABLE ${tableName}`);
    const controller = new AbortController();
    const { signal } = controller;
    const gets = Array.from({ length: 10 }, (_, n) =>
      store.get('a', n < 4 ? { signal } : undefined),
    );
    const settled = Promise.allSettled(gets);
    await blockedBy(harness, holder);
    expect(store.stats()).toMatchObject({
      calls: { queued: 0, inFlight: 10 },
      statements: { inFlight: 1 },
    });
    controller.abort();
    await Promise.allSettled(gets.slice(0, 4));
    expect(store.stats()).toMatchObject({ calls: { queued: 0, inFlight: 6 } });
    await holder.query('ROLLBACK');
    await settled;
  });
});

describe('liveSessionStores()', () => {
  const harness = Harness.use();

  const live = (): Array<[string, PostgresSessionStore]> =>
    [...liveSessionStores()].map(({ name, store }) => [name, store]);

  it('gives the started, unclosed stores of every application, with their names', async () => {
    const unnamed = await harness.startStore({ tableName: harness.table() });
    const tokens = await harness.startStore({ name: 'tokens', tableName: harness.table() });
    expect(live()).toEqual([
      ['default', unnamed.store],
      ['tokens', tokens.store],
    ]);
    await unnamed.store.close();
    expect(live()).toEqual([['tokens', tokens.store]]);
    await tokens.close();
    expect(live()).toEqual([]);
  });

  it('gives no store that could not start', async () => {
    const connection = 'postgresql://nobody@127.0.0.1:1/nowhere';
    await ownFailureOf(harness.startStore({ connection, retryAttempts: 0 }));
    expect(live()).toEqual([]);
  });

  it('keeps no store in memory', async () => {
    const gc = globalThis.gc ?? (await exposedGc());
    const references = await startAndForget();
    await waitFor(
      () => {
        gc();
        return references.every((reference) => reference.deref() === undefined);
      },
      { what: 'the collection of stores that nobody holds', timeout: 20_000 },
    );
  });

  async function startAndForget(): Promise<Array<WeakRef<PostgresSessionStore>>> {
    const references: Array<WeakRef<PostgresSessionStore>> = [];
    for (let round = 0; round < 3; round++) {
      // Past the harness, which holds what it starts.
      const { store, close } = await startStore({
        connection: harness.url,
        tableName: harness.table(),
      });
      await close();
      references.push(new WeakRef(store));
    }
    return references;
  }
});

async function exposedGc(): Promise<() => void> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
