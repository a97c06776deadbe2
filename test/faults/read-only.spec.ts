import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { waitFor } from '../support/conditions.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { startStore, type RunningStore } from '../support/app.js';
import { codeOf, settle } from './support/settle.js';

describe('A server that turns read-only', () => {
  let server: PostgresServer;
  let running: RunningStore;
  let admin: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    const connection = `${server.connectionString}?application_name=read-only-app`;
    running = await startStore({ connection, operationTimeout: 2_000 });
    admin = new pg.Client({ connectionString: server.connectionString });
    await admin.connect();
  });

  afterAll(async () => {
    await admin?.end();
    await running?.close();
    await server?.remove();
  });

  /** For sessions old and new, as on a primary that is demoted. */
  async function readOnly(on: boolean): Promise<void> {
    await admin.query(`ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`);
    await admin.query('SELECT pg_reload_conf()');
    const shown = on ? 'on' : 'off';
    await waitFor(async () => {
      const { rows } = await admin.query<Record<string, string>>(
        'SHOW default_transaction_read_only',
      );
      return rows[0]?.default_transaction_read_only === shown;
    });
  }

  async function backends(): Promise<number[]> {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'read-only-app'`,
    );
    return rows.map(({ pid }) => pid);
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
    const set = store.set('k', 'x');
    const count = store.increment('count');
    await sleep(300);
    await readOnly(false);
    await expect(set).resolves.toBeUndefined();
    // Refused before it had any effect, so even what must not run twice is tried anew.
    await expect(count).resolves.toBe(1);
  });
});
