import { setTimeout as sleep } from 'node:timers/promises';
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
/** Of the pool of ten, at most half serve writes. */
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
    const rows = await holder.query(`SELECT FROM ${tableName} WHERE id = ANY ($1) FOR UPDATE`, [
      keys,
    ]);
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
    while (!isOver) {
      most = Math.max(most, await lockWaits());
      await sleep(50);
    }
    await watched;
    return most;
  }

  const at = (keys: readonly string[], caller: number, n: number): string =>
    keys[(caller * 37 + n) % keys.length];

  it('leave the calls on other rows their connections, reads and writes alike', async () => {
    const store = await startStore();
    const { store: undisturbed } = await harness.startStore({ tableName: harness.table() });
    await undisturbed.setMany([...HELD, ...FREE].map((key) => [key, '0'] as const));
    // Both at once, so that whatever else the machine does slows both down.
    const compare = (
      call: (from: PostgresSessionStore, caller: number, n: number) => Promise<unknown>,
    ): Promise<number[]> =>
      Promise.all(
        [store, undisturbed].map((from) =>
          rateOf((caller, n) => call(from, caller, n), CALLERS, ROUND),
        ),
      );
    const holder = await hold(HELD);
    const held = HELD.map((key) => settle(() => store.set(key, 'written late')));
    await blockedBy(harness, holder);
    let requests: number[] = [];
    let reads: number[] = [];
    const most = await mostLockWaits(
      (async () => {
        requests = await compare(async (from, caller, n) => {
          const key = at(FREE, caller, n);
          await from.get(key);
          await from.increment(key);
        });
        reads = await compare((from, caller, n) => from.get(at(FREE, caller, n)));
      })(),
    );
    const figures = (rates: number[]): string => rates.map((rate) => rate.toFixed(0)).join(' of ');
    report(
      `20 rows held: ${figures(requests)} requests/s, ${figures(reads)} reads/s; ${most} connections wait for locks`,
    );
    // Of the connections for writes, two in five wait for locks, and more until all locks are known.
    expect(requests[0] / requests[1]).toBeGreaterThan(1 / 4);
    expect(reads[0] / reads[1]).toBeGreaterThan(1 / 2);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(MOST_LOCK_WAITS);
    await holder.query('ROLLBACK');
    await Promise.all(held);
  });

  it('can be read, and let the writes on them succeed when they are free', async () => {
    const store = await startStore();
    const holder = await hold(HELD);
    expect((await store.getMany(HELD)).size).toBe(HELD.length);
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

  it('are waited for as long as it takes by setMany and deleteMany with operationTimeout: false', async () => {
    const store = await startStore({ operationTimeout: false });
    const [first, second] = [HELD.slice(0, 10), HELD.slice(10)];
    const holder = await hold([first[0], second[0]]);
    let settledCalls = 0;
    const calls = [
      () => store.setMany(first.map((key) => [key, 'w'] as const)),
      () => store.deleteMany(second),
    ].map((call) => settle<unknown>(call).finally(() => (settledCalls += 1)));
    // More tries than a call gets without a time bound if it fails.
    const tries = new Map<string, Set<string>>();
    await waitFor(
      async () => {
        const rows = await harness.sql<{ query: string; id: string }>(
          `SELECT query, pid || '@' || query_start AS id FROM pg_stat_activity
           WHERE application_name = $1 AND wait_event_type = 'Lock'`,
          [applicationName],
        );
        for (const { query, id } of rows) tries.set(query, (tries.get(query) ?? new Set()).add(id));
        return [...tries.values()].filter(({ size }) => size > 21).length === 2;
      },
      { timeout: 25_000, what: 'more than twenty tries of each' },
    );
    expect(settledCalls).toBe(0);
    await holder.query('ROLLBACK');
    const settled = await Promise.all(calls);
    expect(settled.map(codeOf)).toEqual(['ok', 'ok']);
    expect(settled[1].value).toBe(second.length);
  });

  it('keep no call longer than an operationTimeout below the wait for locks', async () => {
    const store = await startStore({ operationTimeout: false });
    const operationTimeout = 60;
    const connection = harness.urlNamed(applicationName);
    const hurried = { connection, tableName, operationTimeout, retryDelay: 50, retryAttempts: 100 };
    const { store: hasty } = await harness.startStore(hurried);
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
});
