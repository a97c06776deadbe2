import { describe, expect, it } from '@jest/globals';
import type { StoreOptions } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { LogCapture } from '../support/log.js';
import { TcpProxy } from '../faults/support/tcp-proxy.js';

const STEPS = ['begin_tx', 'acquire_lock', 'check_table', 'create_table', 'create_index', 'commit'];

describe('A connection that is lost while the table is made or checked', () => {
  const harness = Harness.use();

  /** Resets the connection right before a step, so many times. */
  async function cutAt(step: string, times: number): Promise<StoreOptions> {
    const proxy = await TcpProxy.before(harness);
    let left = times;
    const phaseHook = (phase: string): void => {
      if (phase === `ensure_schema:${step}` && left > 0) {
        left -= 1;
        proxy.cut();
      }
    };
    return { connection: proxy.url(harness.url), tableName: harness.table(), phaseHook };
  }

  it.each(STEPS)('is replaced as in connecting, and the start goes on: at %s', async (step) => {
    const options = await cutAt(step, 2);
    const log = new LogCapture();
    const patient = { ...options, retryAttempts: 2, retryDelay: 10 };
    const { store } = await harness.startStore(patient, log);
    await store.set('key', 'value');
    expect((await store.get('key'))?.toString()).toBe('value');
    expect(log.complaints).toHaveLength(2);
    expect(log.complaints[0]).toContain('Retry 1 of 2 in 10 ms');
  });

  it('is replaced under skipSchemaInit too', async () => {
    const proxy = await TcpProxy.before(harness);
    const tableName = harness.table();
    await (await harness.startStore({ tableName })).close();
    const pool = harness.pool({ connectionString: proxy.url(harness.url) });
    pool.once('connect', () => proxy.cut());
    const options = { pool, tableName, skipSchemaInit: true, retryAttempts: 1, retryDelay: 10 };
    const { store } = await harness.startStore(options);
    await store.set('key', 'value');
  });

  it('fails the start after the last attempt, with the phase', async () => {
    const options = await cutAt('acquire_lock', 3);
    const error = await ownFailureOf(
      harness.startStore({ ...options, retryAttempts: 2, retryDelay: 10 }),
    );
    expect(error).toMatchObject({ code: 'ERR_SCHEMA_INIT', phase: 'ensure_schema:acquire_lock' });
    expect(error.message).toContain('ensure schema: acquire advisory lock: ');
  });

  it('is told apart from a table that cannot be used, which fails at once', async () => {
    const tableName = harness.table();
    await harness.sql(`CREATE VIEW ${tableName} AS SELECT 1 AS id`);
    const log = new LogCapture();
    const options = { tableName, retryAttempts: 100, retryDelay: 60_000 };
    expect((await ownFailureOf(harness.startStore(options, log))).code).toBe('ERR_SCHEMA_INIT');
    expect(log.complaints.filter((line) => line.includes('Retry'))).toEqual([]);
  });
});
