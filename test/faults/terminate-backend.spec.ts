import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { getSessionPoolToken } from '../../lib/index.js';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import type { RunningStore } from '../support/app.js';
import { Ledger } from './support/ledger.js';
import { startLoad } from './support/load.js';
import { report, scale } from './support/report.js';
import { untilSuccess } from './support/settle.js';

const TABLE = 'terminated_sessions';
const APPLICATION = 'terminated-app';
const DURATION = scale(4_000, 30_000);

describe('An administrator who ends all our connections, ten times a second', () => {
  const harness = Harness.useServer({ durable: true });
  let running: RunningStore;

  beforeAll(async () => {
    const connection = harness.urlNamed(APPLICATION);
    running = await harness.startStore({ connection, tableName: TABLE });
  });

  const terminateAll = async (): Promise<number> => {
    const ended = await harness.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
      [APPLICATION],
    );
    return ended.length;
  };

  // Jest fails the test by itself on an unhandled rejection or an uncaught error.
  it(
    'loses no acknowledged write, reads no wrong value and crashes nothing',
    async () => {
      const ledger = new Ledger(running.store);
      const load = startLoad(ledger, { reads: true });
      let terminated = 0;
      const end = performance.now() + DURATION;
      while (performance.now() < end) {
        await sleep(100);
        terminated += await terminateAll();
      }
      const healed = await untilSuccess('a get afterwards', () => running.store.get('any'));
      await load.stop();
      const lost = await ledger.losses(harness.url, TABLE);
      report(
        `terminated ${terminated} backends: acknowledged ${ledger.acknowledged}, ${ledger.failures}, ` +
          `lost ${lost.length}, wrong ${ledger.wrong.length}; healed in ${healed.toFixed(0)} ms`,
      );
      expect(terminated).toBeGreaterThan(DURATION / 1000);
      expect(ledger.acknowledged).toBeGreaterThan(DURATION / 100);
      expect(lost).toEqual([]);
      expect(ledger.wrong).toEqual([]);
      const safe = ['ERR_OUTCOME_UNKNOWN', 'ERR_CONNECTION', 'ERR_TIMEOUT'];
      expect([...ledger.errors.keys()].filter((code) => !safe.includes(code))).toEqual([]);
      expect(healed).toBeLessThan(1000);
    },
    DURATION + 30_000,
  );

  it('goes unnoticed when the connections were idle', async () => {
    const { app, store } = running;
    const pool = app.get<pg.Pool>(getSessionPoolToken());
    await store.set('idle', 'here');
    await terminateAll();
    expect((await store.get('idle'))?.toString()).toBe('here');
    // A write that must not run twice is safe once the pool has heard of the end.
    const noneLeft = async (): Promise<boolean> => {
      await terminateAll();
      return pool.totalCount === 0;
    };
    await waitFor(noneLeft, { what: 'a pool without connections' });
    await expect(store.increment('idle-count')).resolves.toBe(1);
  });
});
