import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { getSessionPoolToken, type PostgresSessionStore } from '../../lib/index.js';
import { Harness } from '../support/harness.js';
import { heapInUse } from './support/memory.js';
import { offer, rateOf, slowDown } from './support/offered-load.js';
import { report, scale } from './support/report.js';
import { codeOf, settle, settleAll, slowest, type Settled } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

jest.setTimeout(scale(30_000, 120_000));

function count(settled: Settled<unknown>[]): Record<string, number> {
  const codes: Record<string, number> = {};
  for (const code of settled.map(codeOf)) codes[code] = (codes[code] ?? 0) + 1;
  return codes;
}

describe('More calls than the database can take', () => {
  const harness = Harness.useServer();

  /** Its results are garbage once it has ended, so that what is left is the store's own. */
  async function storm(call: () => Promise<unknown>, calls: number): Promise<void> {
    const pending: Array<Promise<Settled<unknown>>> = [];
    while (pending.length < calls) {
      for (let n = 0; n < 500; n++) pending.push(settle(call));
      await nextTurn();
    }
    const settled = await Promise.all(pending);
    const codes = count(settled);
    report(`${calls} calls into a black hole with maxQueue 1000: ${JSON.stringify(codes)}`);
    expect(Object.keys(codes).sort()).toEqual(['ERR_OVERLOADED', 'ERR_TIMEOUT']);
    const refused = settled.filter((each) => codeOf(each) === 'ERR_OVERLOADED');
    expect(slowest(refused)).toBeLessThan(500);
    expect(slowest(settled)).toBeLessThan(1_500);
  }

  it('are refused with ERR_OVERLOADED past maxQueue, at once, and the others settle in time', async () => {
    const proxy = await TcpProxy.before(harness);
    const connection = proxy.url(harness.url);
    const batching = { maxQueue: 1_000 };
    const { store, close } = await harness.startStore({
      connection,
      batching,
      operationTimeout: 1_000,
    });
    proxy.swallow();
    const calls = scale(30_000, 200_000);
    const before = heapInUse();
    const value = Buffer.alloc(1_000);
    await storm(() => store.set('k', value), calls);
    await proxy.heal();
    await expect(store.set('k', 'v')).resolves.toBeUndefined();
    expect(heapInUse() - before).toBeLessThan(20_000_000);
    await close();
  });

  it.each([undefined, false] as const)(
    'leave room for the app’s own queries on a pool that it lends (batching: %s)',
    async (batching) => {
      const pool = harness.pool({ max: 5 });
      const { store, close } = await harness.startStore({ pool, batching });
      let running = true;
      const work = async (worker: number): Promise<void> => {
        for (let n = 0; running; n++) await store.set(`w${worker}:${n % 50}`, 'v'.repeat(500));
      };
      const load = Promise.all(Array.from({ length: 500 }, (_, worker) => work(worker)));
      const own: Settled<unknown>[] = [];
      for (let n = 0; n < 20; n++)
        own.push(await settle(() => pool.query('SELECT pg_sleep(0.01)')));
      running = false;
      await load;
      report(
        `own queries on a lent pool of 5 under 500 writers: at most ${slowest(own).toFixed(0)} ms`,
      );
      expect(own.map(codeOf)).toEqual(own.map(() => 'ok'));
      expect(slowest(own)).toBeLessThan(500);
      await close();
      expect(pool.totalCount - pool.idleCount).toBe(0);
      await pool.end();
    },
  );

  it('settle in time when the app keeps every connection of its pool to itself', async () => {
    const pool = new pg.Pool({ connectionString: harness.url, max: 2 });
    const { store, close } = await harness.startStore({ pool, operationTimeout: 1_000 });
    const kept = [await pool.connect(), await pool.connect()];
    const calls = await settleAll([
      () => store.get('k'),
      () => store.set('k', 'v'),
      () => store.increment('n'),
    ]);
    expect(calls.map(codeOf)).toEqual(['ERR_TIMEOUT', 'ERR_TIMEOUT', 'ERR_TIMEOUT']);
    expect(slowest(calls)).toBeLessThan(1_500);
    for (const client of kept) client.release();
    await expect(store.increment('n')).resolves.toBe(1);
    expect(pool.waitingCount).toBe(0);
    await close();
    await pool.end();
  });
});

describe('Twice the calls that the server can take', () => {
  const harness = Harness.use();
  const DURATION = scale(3_000, 15_000);

  interface Load {
    name: string;
    /** Seconds that the server sleeps for each row. */
    sleep: number;
    /** Callers that keep the server busy, and no more. */
    callers: number;
    call: (store: PostgresSessionStore, n: number) => Promise<unknown>;
  }

  const loads: Load[] = [
    {
      name: 'increments',
      sleep: 0.02,
      callers: 16,
      call: (store, n) => store.increment(`count:${n}`),
    },
    {
      name: 'gathered sets',
      sleep: 0.002,
      callers: 128,
      call: (store, n) => store.set(`set:${n}`, 'v'),
    },
  ];

  it.each(loads)(
    'leave 80 % of what it can do, and harm nobody afterwards: $name',
    async ({ name, sleep, callers, call }) => {
      const tableName = harness.table();
      const { app, store } = await harness.startStore({ tableName, operationTimeout: 1_000 });
      await slowDown(harness, tableName, sleep);
      let made = 0;
      const next = (): Promise<unknown> => call(store, (made += 1));
      const capacity = await rateOf(next, callers, 1_500);
      let thrownAway = 0;
      app.get<pg.Pool>(getSessionPoolToken()).on('remove', () => (thrownAway += 1));

      const start = performance.now();
      const offered = await offer(next, 2 * capacity, DURATION);
      const seconds = (performance.now() - start) / 1000;
      const served = offered.filter((each) => codeOf(each) === 'ok').length / seconds;
      report(
        `${name} at twice the capacity of ${capacity.toFixed(0)}/s: ${served.toFixed(0)}/s served, ` +
          `${thrownAway} connections thrown away, ${JSON.stringify(count(offered))}`,
      );
      expect(served).toBeGreaterThan(0.8 * capacity);
      expect(count(offered)).toEqual({ ok: expect.any(Number), ERR_TIMEOUT: expect.any(Number) });
      expect(thrownAway).toBeLessThanOrEqual(2);

      await offer(next, capacity / 2, 1_000);
      const afterwards = await offer(next, capacity / 2, 1_000);
      expect(Object.keys(count(afterwards))).toEqual(['ok']);
    },
  );
});
