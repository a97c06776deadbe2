import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import type { Pool } from 'pg';
import { PostgresSessionModule, type PostgresSessionStore } from '../../lib/index.js';
import { cleanupOf, storeOf } from '../support/app.js';
import { Harness } from '../support/harness.js';
import { Program } from '../support/program.js';

const STORES = 11;
const PROGRAM = new URL('./programs/many-listeners.mjs', import.meta.url);

describe('Listeners', () => {
  const harness = Harness.use();

  /** Eleven stores on one pool, swept until one signal aborts. */
  async function startStores(pool: Pool, signal: AbortSignal) {
    const names = Array.from({ length: STORES }, (_, n) => `store${n}`);
    const cleanup = { cron: '0 0 1 1 *', signal };
    const app = await harness.start({
      imports: [
        ScheduleModule.forRoot(),
        ...names.map((name) =>
          PostgresSessionModule.forRoot({ name, pool, tableName: harness.table(), cleanup }),
        ),
      ],
    });
    return {
      app,
      stores: names.map((name) => storeOf(app, name)),
      cleanups: names.map((name) => cleanupOf(app, name)),
    };
  }

  const countOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

  function getOften(stores: PostgresSessionStore[], signal: AbortSignal): Array<Promise<unknown>> {
    return Array.from({ length: 1_000 }, (_, n) =>
      stores[n % STORES].get(`key${n % 500}`, { signal }),
    );
  }

  it('of eleven stores on one pool are one for each event of the pool', async () => {
    const pool = harness.pool();
    const { app } = await startStores(pool, new AbortController().signal);
    expect([pool.listenerCount('error'), pool.listenerCount('remove')]).toEqual([1, 1]);
    await app.close();
    expect([pool.listenerCount('error'), pool.listenerCount('remove')]).toEqual([0, 0]);
  });

  it('on a signal are one, however many stores, cleanups, calls and sweeps have it', async () => {
    const { signal } = new AbortController();
    const { app, stores, cleanups } = await startStores(harness.pool({ max: 4 }), signal);
    expect(countOf(signal)).toBe(1);
    const calls = getOften(stores, signal);
    const sweeps = cleanups.map((cleanup) => cleanup.sweep({ signal }));
    expect(countOf(signal)).toBe(1);
    await Promise.all([...calls, ...sweeps]);
    expect(countOf(signal)).toBe(1);
    await app.close();
    expect(countOf(signal)).toBe(0);
  });

  it('on a signal tell each call that waits for it, and are gone then', async () => {
    const { stores } = await startStores(harness.pool({ max: 4 }), new AbortController().signal);
    const controller = new AbortController();
    const reason = new Error('the visitor has left');
    const settled = Promise.allSettled(getOften(stores, controller.signal));
    controller.abort(reason);
    const rejected = { status: 'rejected', reason };
    expect(await settled).toEqual(Array.from({ length: 1_000 }, () => rejected));
    expect(countOf(controller.signal)).toBe(0);
  });

  it('are never so many that Node warns of a leak', async () => {
    const tables = Array.from({ length: STORES }, () => harness.table());
    const program = Program.start(harness, PROGRAM, [harness.url, ...tables]);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.output).toBe('');
    expect(program.count('done')).toBe(1);
  });
});
