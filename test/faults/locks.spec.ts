import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Client } from 'pg';
import type { PostgresSessionStore } from '../../lib/index.js';
import type { StoreOptions } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import { rateOf } from './support/offered-load.js';
import { report, scale } from './support/report.js';
import { codeOf, settle, type Settled } from './support/settle.js';

jest.setTimeout(scale(30_000, 120_000));

const ROUND = scale(2_000, 10_000);
const HELD = Array.from({ length: 20 }, (_, n) => `held:${n}`);
const FREE = Array.from({ length: 380 }, (_, n) => `free:${n}`);
const CALLERS = 64;
/** Of the pool of ten, five serve writes, of which two wait for locks; two more have not found out yet. */
const MOST_LOCK_WAITS = 5;

describe('Rows that another transaction holds', () => {
  const harness = Harness.use();
  let tableName: string;
  let applicationName: string;

  beforeEach(() => {
    tableName = harness.table();
    applicationName = `locks_${tableName}`;
  });

  async function startStore(options: StoreOptions = {}): Promise<PostgresSessionStore> {
    const connection = harness.urlNamed(applicationName);
    const { store } = await harness.startStore({ connection, tableName, ...options });
    await store.setMany([...HELD, ...FREE].map((key) => [key, '0'] as const));
    return store;
  }

  /** In a transaction that stays open. */
  async function hold(keys: readonly string[]): Promise<Client> {
    const holder = await harness.connect();
    await holder.query('BEGIN');
    const rows = await holder.query(
      `SELECT FROM ${tableName} WHERE id = ANY ($1) FOR UPDATE`,
      [keys],
    );
    expect(rows.rowCount).toBe(keys.length);
    return holder;
  }

  async function lockWaits(): Promise<number> {
    const [row] = await harness.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE application_name = $1 AND wait_event_type = 'Lock'`,
      [applicationName],
    );
    return row.count;
  }

  /** Watches for as long as the work takes. */
  async function mostLockWaits(work: Promise<unknown>): Promise<number> {
    let isOver = false;
    const watched = work.finally(() => (isOver = true));
    let most = 0;
    while (!isOver) most = Math.max(most, await lockWaits());
    await watched;
    return most;
  }

  const at = (keys: readonly string[], caller: number, n: number): string =>
    keys[(caller * 37 + n) % keys.length];

  it('cost the calls on other rows at most half of their speed, reads and writes alike', async () => {
    const store = await startStore({ operationTimeout: 5_000 });
    const request = async (caller: number, n: number): Promise<void> => {
      const key = at(FREE, caller, n);
      await store.get(key);
      await store.increment(key);
    };
    const read = (caller: number, n: number): Promise<unknown> =>
      store.get(at([...FREE, ...HELD], caller, n));
    const [requestsBefore, readsBefore] = [
      await rateOf(request, CALLERS, ROUND),
      await rateOf(read, CALLERS, ROUND),
    ];

    const holder = await hold(HELD);
    const held = HELD.map((key) => settle(() => store.set(key, 'written late')));
    await blockedBy(harness, holder);
    let requests = 0;
    let reads = 0;
    const most = await mostLockWaits(
      (async () => {
        requests = await rateOf(request, CALLERS, ROUND);
        reads = await rateOf(read, CALLERS, ROUND);
      })(),
    );
    report(
      `20 rows held: ${requestsBefore.toFixed(0)} requests/s before, ${requests.toFixed(0)} then; ` +
        `${readsBefore.toFixed(0)} reads/s before, ${reads.toFixed(0)} then; ${most} wait for locks`,
    );
    expect(requests).toBeGreaterThan(requestsBefore / 2);
    expect(reads).toBeGreaterThan(readsBefore / 2);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(MOST_LOCK_WAITS);
    await holder.query('ROLLBACK');
    await Promise.all(held);
  });

  it('let the calls on them succeed when they are free', async () => {
    const store = await startStore();
    const holder = await hold(HELD);
    const held = HELD.flatMap((key) => [
      settle(() => store.set(key, '1')),
      settle(() => store.increment(key)),
    ]);
    await blockedBy(harness, holder);
    await holder.query('ROLLBACK');
    const settled: Settled<unknown>[] = await Promise.all(held);
    expect(settled.map(codeOf)).toEqual(settled.map(() => 'ok'));
    expect((await store.getMany(HELD)).size).toBe(HELD.length);
    expect((await store.get(HELD[0]))?.toString()).toBe('2');
  });

  it.each(['setMany', 'deleteMany'] as const)(
    'are waited for as long as it takes by %s with operationTimeout: false',
    async (method) => {
      const store = await startStore({ operationTimeout: false });
      const holder = await hold(HELD.slice(0, 1));
      let isOver = false;
      const call = settle<unknown>(() =>
        method === 'setMany'
          ? store.setMany(HELD.map((key) => [key, 'w'] as const))
          : store.deleteMany(HELD),
      ).finally(() => (isOver = true));
      // More tries than a call gets where its failures are no waits for locks.
      const tries = new Set<string>();
      await waitFor(
        async () => {
          const rows = await harness.sql<{ id: string }>(
            `SELECT pid || '@' || query_start AS id FROM pg_stat_activity
             WHERE application_name = $1 AND wait_event_type = 'Lock'`,
            [applicationName],
          );
          rows.forEach(({ id }) => tries.add(id));
          return tries.size > 22;
        },
        { timeout: 20_000, what: 'more than twenty tries' },
      );
      expect(isOver).toBe(false);
      await holder.query('ROLLBACK');
      const settled = await call;
      expect(codeOf(settled)).toBe('ok');
      expect(settled.value).toBe(method === 'setMany' ? undefined : HELD.length);
    },
  );

  it('keep no call longer than an operationTimeout below the wait for locks', async () => {
    const store = await startStore({ operationTimeout: false });
    const operationTimeout = 60;
    const hasty = await startHasty(operationTimeout);
    const holder = await hold(HELD.slice(0, 1));
    const calls = await Promise.all([
      settle(() => hasty.set(HELD[0], 'w')),
      settle(() => hasty.increment(HELD[0])),
      settle(() => hasty.setMany([[HELD[0], 'w']])),
    ]);
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'ERR_TIMEOUT'));
    // No statement of theirs outlives them by much.
    await waitFor(async () => (await lockWaits()) === 0, { timeout: 1_000, what: 'no waits' });
    await holder.query('ROLLBACK');
    expect((await store.get(HELD[0]))?.toString()).toBe('0');
  });

  async function startHasty(operationTimeout: number): Promise<PostgresSessionStore> {
    const connection = harness.urlNamed(applicationName);
    const { store } = await harness.startStore({ connection, tableName, operationTimeout });
    return store;
  }
});
