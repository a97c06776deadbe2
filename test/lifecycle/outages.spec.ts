import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Pool } from 'pg';
import { getSessionPoolToken, type PostgresSessionStore } from '../../lib/index.js';
import { settle, untilSuccess } from '../faults/support/settle.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { LogCapture, type LogLine } from '../support/log.js';

jest.setTimeout(60_000);

const PASSWORD = 'pass-word-of-the-role';
const AWAY = /^PostgreSQL cannot be reached: /;
const BACK = /^PostgreSQL is back: it was out of reach for (\d+\.\d) s\./;

describe('The log of an outage', () => {
  const harness = Harness.useServer();
  let log: LogCapture;

  beforeAll(() => harness.sql(`CREATE ROLE app LOGIN SUPERUSER PASSWORD '${PASSWORD}'`));
  beforeEach(() => {
    log = new LogCapture();
  });

  const linesOf = (level: LogLine['level'], pattern: RegExp): string[] =>
    log.lines
      .filter((line) => line.level === level && pattern.test(line.text))
      .map((line) => line.text);

  const IDLE = /^An idle connection to PostgreSQL failed: /;

  async function startStores(count: number): Promise<PostgresSessionStore[]> {
    const url = new URL(harness.url);
    url.username = 'app';
    url.password = PASSWORD;
    const pool = harness.pool({ connectionString: url.href });
    const stores: PostgresSessionStore[] = [];
    for (let n = 0; n < count; n++) {
      const { store } = await harness.startStore({ pool, tableName: harness.table() }, log);
      stores.push(store);
    }
    return stores;
  }

  it('has a debug line for each idle connection that fails, whichever stores share it, and no more', async () => {
    const stores = await startStores(3);
    await Promise.all(stores.map((store) => store.get('key')));
    const [{ count }] = await harness.sql<{ count: number }>(
      `SELECT count(pg_terminate_backend(pid))::int AS count FROM pg_stat_activity WHERE usename = 'app'`,
    );
    await waitFor(() => linesOf('debug', IDLE).length >= count, { what: 'the debug lines' });
    await Promise.all(stores.map((store) => store.get('key')));
    expect(linesOf('debug', IDLE)).toHaveLength(count);
    expect(log.lines.filter(({ level }) => level !== 'debug' && level !== 'log')).toEqual([]);
    expect(linesOf('log', BACK)).toEqual([]);
  });

  it('has one warning when the database goes, and one line when it is back that says how long it was gone', async () => {
    const stores = await startStores(2);
    await Promise.all(stores.map((store) => store.set('key', 'value')));
    const begun = performance.now();
    await harness.server.stop();
    const calls = stores.flatMap((store) => [
      settle(() => store.get('key')),
      settle(() => store.set('key', 'v')),
    ]);
    await waitFor(() => linesOf('warn', AWAY).length > 0, { what: 'the warning' });
    await harness.server.start();
    await Promise.all(calls);
    await untilSuccess('a get', () => stores[0].get('key'));
    const seconds = (performance.now() - begun) / 1000;
    expect(linesOf('warn', AWAY)).toHaveLength(1);
    const back = linesOf('log', BACK);
    expect(back).toHaveLength(1);
    const told = Number(BACK.exec(back[0])?.[1]);
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThanOrEqual(seconds + 0.1);
    expect(log.text).not.toContain(PASSWORD);
  });

  it('has no warning if the pool is ended, the store closed, or every connection busy', async () => {
    const pool = harness.pool({ max: 1 });
    const tableName = harness.table();
    const options = { pool, tableName, operationTimeout: 300 };
    const { store, close } = await harness.startStore(options, log);
    const client = await pool.connect();
    expect((await settle(() => store.get('key'))).error).toMatchObject({ code: 'ERR_TIMEOUT' });
    const pending = settle(() => store.get('key'));
    await close();
    await pending;
    client.release();
    const other = await harness.startStore({ ...options, pool: harness.pool() }, log);
    await other.app.get<Pool>(getSessionPoolToken(), { strict: false }).end();
    expect((await settle(() => other.store.get('key'))).error).toMatchObject({
      code: 'ERR_CONNECTION',
    });
    expect(log.complaints).toEqual([]);
  });
});
