import { beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import type { RunningStore } from '../support/app.js';
import { codeOf, settle } from './support/settle.js';

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
});
