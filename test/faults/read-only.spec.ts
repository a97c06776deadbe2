import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { getSessionPoolToken } from '../../lib/index.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import type { RunningStore } from '../support/app.js';
import { codeOf, settle, settleAll } from './support/settle.js';

describe('A server that turns read-only', () => {
  const harness = Harness.useServer();
  let running: RunningStore;

  beforeAll(async () => {
    const connection = harness.urlNamed('read-only-app');
    running = await harness.startStore({ connection, operationTimeout: 2_000 });
  });

  /** For sessions old and new, as on a primary that is demoted. */
  async function readOnly(on: boolean): Promise<void> {
    await harness.sql(`ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`);
    await harness.sql('SELECT pg_reload_conf()');
    const shown = on ? 'on' : 'off';
    await waitFor(async () => {
      const rows = await harness.sql<Record<string, string>>('SHOW default_transaction_read_only');
      return rows[0]?.default_transaction_read_only === shown;
    });
  }

  async function backends(): Promise<number[]> {
    const rows = await harness.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'read-only-app'`,
    );
    return rows.map(({ pid }) => pid);
  }

  /** Of writes, as the server's log counts them. */
  async function refusals(): Promise<number> {
    return (await harness.server.log()).split('read-only transaction').length - 1;
  }

  it('still reads, rejects writes with an error of ours, and writes again over new connections', async () => {
    const { store } = running;
    await store.set('k', 'v');
    await readOnly(true);
    const old = await backends();
    expect((await store.get('k'))?.toString()).toBe('v');
    const refused = await settle(() => store.set('k', 'w'));
    expect(refused.ms).toBeLessThan(2_500);
    expect(codeOf(refused)).toBe('ERR_READ_ONLY');
    expect(String(refused.error)).toContain('default_transaction_read_only');
    await readOnly(false);
    await store.set('k', 'w');
    expect((await store.get('k'))?.toString()).toBe('w');
    expect((await backends()).filter((pid) => old.includes(pid))).toEqual([]);
  });

  it('lets a write that began meanwhile succeed within its time', async () => {
    const { store } = running;
    await readOnly(true);
    const before = await refusals();
    const set = store.set('k', 'x');
    const count = store.increment('count');
    await waitFor(async () => (await refusals()) >= before + 2, { what: 'two refused writes' });
    await readOnly(false);
    await expect(set).resolves.toBeUndefined();
    // Refused before it had any effect, so even what must not run twice is tried anew.
    await expect(count).resolves.toBe(1);
  });

  it('is not answered with new connections over and over', async () => {
    const { app, store } = running;
    const pool = app.get<Pool>(getSessionPoolToken());
    let connections = 0;
    pool.on('connect', () => (connections += 1));
    await readOnly(true);
    const calls = Array.from({ length: 64 }, (_, n) => () => store.set(`key ${n}`, 'value'));
    const refused = await settleAll(calls);
    expect(new Set(refused.map(codeOf))).toEqual(new Set(['ERR_READ_ONLY']));
    // Each is replaced once a second at most; the calls took two, and a busy machine longer.
    const seconds = Math.max(...refused.map(({ ms }) => ms)) / 1_000;
    expect(connections).toBeLessThanOrEqual(pool.options.max * (seconds + 1));
    await readOnly(false);
    await store.set('key', 'value');
  });
});

describe('A role or a database that is read-only', () => {
  const harness = Harness.useServer();
  /** What waiting cannot mend must not have waited: one retry would last longer than the test. */
  const ENDLESS = { retryAttempts: 1_000, retryDelay: 60_000, operationTimeout: 120_000 };

  async function setting(target: string): Promise<void> {
    await harness.sql(`ALTER ${target} SET default_transaction_read_only = on`);
    harness.onEnd(async () => {
      const admin = await harness.connect();
      await admin.query('SET default_transaction_read_only = off');
      await admin.query(`ALTER ${target} RESET default_transaction_read_only`);
    });
  }

  it.each([
    ['ROLE postgres', 'the role sets'],
    ['DATABASE postgres', 'the database sets'],
    ['ROLE postgres IN DATABASE postgres', 'for this database'],
  ])('is told at the start, at once: %s', async (target, told) => {
    await setting(target);
    const error = await ownFailureOf(harness.startStore(ENDLESS));
    expect(error.code).toBe('ERR_READ_ONLY');
    expect(error.message).toContain(told);
    expect(error.message).toContain('readOnly: true');
  });

  it('is told at the start, at once, if the options of the connection say so', async () => {
    const url = new URL(harness.url);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    const connection = url.href.replaceAll('+', '%20');
    const error = await ownFailureOf(harness.startStore({ ...ENDLESS, connection }));
    expect(error.code).toBe('ERR_READ_ONLY');
    expect(error.message).toContain('options');
  });

  it('fails the writes of a store that runs at once, and not after their time', async () => {
    const { store } = await harness.startStore({ operationTimeout: 120_000 });
    await store.set('k', 'v');
    await setting('ROLE postgres');
    await harness.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    const refused = await settle(() => store.set('k', 'w'));
    expect(codeOf(refused)).toBe('ERR_READ_ONLY');
    expect(String(refused.error)).toContain('the role sets');
    expect((await store.get('k'))?.toString()).toBe('v');
  });
});
