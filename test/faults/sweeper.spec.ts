import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import pg from 'pg';
import { PostgresSessionCleanupService, type SweepReport } from '../../lib/index.js';
import { waitFor } from '../support/conditions.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { startStore, type RunningStore } from '../support/app.js';
import { Child } from './support/child.js';
import { report, scale } from './support/report.js';
import { codeOf, settle, slowest, type Settled } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

const TABLE = 'swept_sessions';
const EXPIRED = scale(20_000, 200_000);

jest.setTimeout(scale(30_000, 120_000));

describe('A sweep', () => {
  let server: PostgresServer;
  let admin: pg.Client;
  let running: RunningStore;

  beforeAll(async () => {
    server = await startPostgres();
    admin = new pg.Client({ connectionString: server.connectionString });
    await admin.connect();
  });

  afterAll(async () => {
    await admin?.end();
    await server?.remove();
  });

  beforeEach(async () => {
    running = await startStore({ connection: server.connectionString, tableName: TABLE });
    await admin.query(`TRUNCATE ${TABLE}`);
    await admin.query(
      `INSERT INTO ${TABLE} (id, value, expires_at)
       SELECT 'expired:' || n, 'x', now() - n * interval '1 second' FROM generate_series(1, ${EXPIRED}) n`,
    );
  });

  afterEach(() => running?.close());

  const sweep = () => running.app.get(PostgresSessionCleanupService).sweep();

  async function sweepUnlessLocked(): Promise<SweepReport | undefined> {
    const done = await sweep();
    return done.skipped ? undefined : done;
  }

  async function countRows(): Promise<number> {
    const { rows } = await admin.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${TABLE}`,
    );
    return rows[0]?.count ?? -1;
  }

  it('that dies (kill -9) leaves no lock: another one goes on at once', async () => {
    const proxy = await TcpProxy.to(server.port);
    const options = {
      connection: proxy.url(server.connectionString),
      tableName: TABLE,
      cleanup: { cron: '0 0 1 1 *' },
    };
    const child = Child.run('app.mjs', { options });
    await child.heard('ready');
    child.tell('boot');
    await child.heard('booted');
    proxy.delay(20);
    child.tell('sweep');
    await waitFor(async () => (await countRows()) < EXPIRED, { what: 'the first batch' });
    expect(await sweep()).toMatchObject({ skipped: true });
    child.kill('SIGKILL');
    await child.ended;
    await proxy.heal();
    const freed = performance.now();
    const next = await waitFor(() => sweepUnlessLocked(), {
      what: 'a sweep that got the lock',
      timeout: 30_000,
    });
    const ms = performance.now() - freed - next.durationMs;
    expect(ms).toBeLessThan(2_000);
    report(`sweeper killed: the next one had the lock within ${ms.toFixed(0)} ms`);
    expect(await countRows()).toBe(0);
    await proxy.close();
  });

  it('keeps writers waiting no longer than one batch, even on the rows it deletes', async () => {
    const { store } = running;
    const sweeping = sweep();
    const writes: Settled<unknown>[] = [];
    let over = false;
    void sweeping.finally(() => (over = true));
    for (let n = 0; !over; n++) {
      const key = `expired:${EXPIRED - ((n * 37) % EXPIRED)}`;
      writes.push(await settle(() => store.set(key, 'alive')));
    }
    const { deleted, batches } = await sweeping;
    report(
      `a sweep of ${deleted} rows in ${batches} batches: a write took at most ${slowest(writes).toFixed(0)} ms`,
    );
    expect(new Set(writes.map(codeOf))).toEqual(new Set(['ok']));
    expect(slowest(writes)).toBeLessThan(500);
    const revived = await admin.query(`SELECT 1 FROM ${TABLE} WHERE value = 'alive'`);
    expect(revived.rowCount).toBe(await countRows());
    expect(revived.rowCount).toBeGreaterThan(0);
  });

  it('goes on to the end although a row was renewed under its hands', async () => {
    const oldest = `expired:${EXPIRED}`;
    await admin.query(
      `BEGIN; UPDATE ${TABLE} SET expires_at = now() + interval '1 hour' WHERE id = '${oldest}'`,
    );
    const sweeping = sweep();
    const waiting = 'SELECT 1 FROM pg_locks WHERE NOT granted';
    await waitFor(async () => (await admin.query(waiting)).rowCount, {
      what: 'a sweep that waits',
    });
    await admin.query('COMMIT');
    expect(await sweeping).toMatchObject({ deleted: EXPIRED - 1 });
    expect(await countRows()).toBe(1);
  });

  it('ends in bounded time when a writer holds a row, and takes the row the next time', async () => {
    await admin.query(`BEGIN; UPDATE ${TABLE} SET value = 'held' WHERE id = 'expired:${EXPIRED}'`);
    const first = await settle(sweep);
    expect(first.ms).toBeLessThan(10_000);
    await admin.query('ROLLBACK');
    await sweep();
    expect(await countRows()).toBe(0);
    const locks = await admin.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory'`);
    expect(locks.rowCount).toBe(0);
  });

  it('whose connection is cut gives an error of ours, and the next one finishes its work', async () => {
    const sweeping = settle(sweep);
    await waitFor(async () => (await countRows()) < EXPIRED, { interval: 1 });
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'`);
    expect(['ok', 'ERR_CONNECTION', 'ERR_OUTCOME_UNKNOWN']).toContain(codeOf(await sweeping));
    await waitFor(async () => !(await sweep()).skipped);
    expect(await countRows()).toBe(0);
  });
});
