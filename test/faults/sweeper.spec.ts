import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SweepReport } from '../../lib/index.js';
import type { RunningStore } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { bootApp, NEVER } from './support/app-program.js';
import { report, scale } from './support/report.js';
import { codeOf, settle, slowest, type Settled } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

const TABLE = 'swept_sessions';
const EXPIRED = scale(20_000, 200_000);

jest.setTimeout(scale(30_000, 120_000));

describe('A sweep', () => {
  const harness = Harness.useServer();
  let running: RunningStore;

  beforeEach(async () => {
    running = await harness.startStore({ tableName: TABLE });
    await harness.sql(`TRUNCATE ${TABLE}`);
    await harness.sql(
      `INSERT INTO ${TABLE} (id, value, expires_at)
       SELECT 'expired:' || n, 'x', now() - n * interval '1 second' FROM generate_series(1, ${EXPIRED}) n`,
    );
  });

  const sweep = () => running.cleanup.sweep();

  async function sweepUnlessLocked(): Promise<SweepReport | undefined> {
    const done = await sweep();
    return done.skipped ? undefined : done;
  }

  async function countRows(): Promise<number> {
    const [row] = await harness.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${TABLE}`,
    );
    return row.count;
  }

  it('that dies (kill -9) leaves no lock: another one goes on at once', async () => {
    const proxy = await TcpProxy.before(harness);
    const { program } = await bootApp(harness, {
      options: { connection: proxy.url(harness.url), tableName: TABLE, cleanup: NEVER },
    });
    proxy.delay(20);
    program.tell('sweep');
    await waitFor(async () => (await countRows()) < EXPIRED, { what: 'the first batch' });
    expect(await sweep()).toMatchObject({ skipped: true });
    program.signal('SIGKILL');
    await program.ended;
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
  });

  it('that stands still (SIGSTOP) keeps neither the lock nor rows', async () => {
    const { program } = await bootApp(harness, {
      options: { connection: harness.url, tableName: TABLE, cleanup: NEVER },
    });
    program.tell('sweep');
    await waitFor(async () => (await countRows()) < EXPIRED, {
      what: 'the first batch',
      interval: 1,
    });
    program.signal('SIGSTOP');
    harness.onEnd(() => program.signal('SIGCONT'));
    const next = await waitFor(() => sweepUnlessLocked(), {
      what: 'a sweep that got the lock',
      timeout: 20_000,
    });
    expect(next.deleted).toBeGreaterThan(0);
    expect(await countRows()).toBe(0);
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
    const revived = await harness.sql(`SELECT FROM ${TABLE} WHERE value = 'alive'`);
    expect(revived).toHaveLength(await countRows());
    expect(revived.length).toBeGreaterThan(0);
  });

  it('goes on to the end although a row was renewed under its hands', async () => {
    const oldest = `expired:${EXPIRED}`;
    const writer = await harness.connect();
    await writer.query(
      `BEGIN; UPDATE ${TABLE} SET expires_at = now() + interval '1 hour' WHERE id = '${oldest}'`,
    );
    const sweeping = sweep();
    const waiting = 'SELECT 1 FROM pg_locks WHERE NOT granted';
    await waitFor(async () => (await harness.sql(waiting)).length, { what: 'a sweep that waits' });
    await writer.query('COMMIT');
    expect(await sweeping).toMatchObject({ deleted: EXPIRED - 1 });
    expect(await countRows()).toBe(1);
  });

  it('ends in bounded time when a writer holds a row, and takes the row the next time', async () => {
    const writer = await harness.connect();
    await writer.query(`BEGIN; UPDATE ${TABLE} SET value = 'held' WHERE id = 'expired:${EXPIRED}'`);
    const first = await settle(sweep);
    expect(first.ms).toBeLessThan(10_000);
    await writer.query('ROLLBACK');
    await sweep();
    expect(await countRows()).toBe(0);
    expect(await harness.sql(`SELECT FROM pg_locks WHERE locktype = 'advisory'`)).toEqual([]);
  });

  it('whose connection is cut gives an error of ours, and the next one finishes its work', async () => {
    const sweeping = settle(sweep);
    await waitFor(async () => (await countRows()) < EXPIRED, { interval: 1 });
    await harness.sql(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'`);
    expect(['ok', 'ERR_CONNECTION', 'ERR_OUTCOME_UNKNOWN']).toContain(codeOf(await sweeping));
    await waitFor(async () => !(await sweep()).skipped);
    expect(await countRows()).toBe(0);
  });
});
