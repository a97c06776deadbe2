import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { getSessionPoolToken } from '../../lib/index.js';
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
    expect(codeOf(refused)).toMatch(/^ERR_(CONNECTION|TIMEOUT|QUERY)$/);
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
    expect(new Set(refused.map(codeOf))).toEqual(new Set(['ERR_TIMEOUT']));
    // Each is replaced once a second at most; the calls took two, and a busy machine longer.
    const seconds = Math.max(...refused.map(({ ms }) => ms)) / 1_000;
    expect(connections).toBeLessThanOrEqual(pool.options.max * (seconds + 1));
    await readOnly(false);
    await store.set('key', 'value');
  });
});
