import { describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import type { PostgresSessionStore } from '../../lib/index.js';
import { Harness } from '../support/harness.js';

const harness = Harness.useServer();

/** A backend that hangs, as on a broken disk: it runs no statement and answers nobody. */
function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  harness.onEnd(() => process.kill(pid, 'SIGCONT'));
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0].pid;
}

/** Calls of many kinds on keys of their own, all of which must succeed. */
async function use(store: PostgresSessionStore, name: string): Promise<void> {
  await Promise.all(
    Array.from({ length: 32 }, async (_, n) => {
      const key = `${name}:${n}`;
      await store.set(key, 'value', { ttl: 60_000, owner: name });
      expect(String(await store.get(key))).toBe('value');
      expect(await store.touch(key, 120_000)).toBe(true);
      expect(await store.increment(`${key}:count`)).toBe(1);
    }),
  );
  expect(await store.deleteOwner(name)).toBe(32);
  await store.deletePrefix(`${name}:`);
}

describe('What happens elsewhere on the server', () => {
  it('a snapshot that is open for long holds up no call, no deletion and no sweep', async () => {
    const tableName = harness.table();
    const { store, cleanup } = await harness.startStore({ tableName });
    await store.set('old', 'value', { ttl: 1 });
    const reader = await harness.connect();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.query(`SELECT count(*) FROM ${tableName}`);
    await use(store, 'beside');
    expect(await cleanup.sweep()).toMatchObject({ deleted: 1, skipped: false });
    await reader.query('ROLLBACK');
  });

  it('a backend of somebody else that hangs holds up no call', async () => {
    const { store } = await harness.startStore({ tableName: harness.table() });
    freeze(await backendOf(await harness.connect()));
    await use(store, 'beside');
  });

  it('a backend of the store that hangs holds up reads for a moment, and nobody for good', async () => {
    const tableName = harness.table();
    const { store } = await harness.startStore({
      tableName,
      connection: harness.urlNamed(tableName),
    });
    await use(store, 'before');
    await store.set('key', 'value');
    const [{ pid }] = await harness.sql<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY state_change DESC',
      [tableName],
    );
    freeze(pid);
    const begun = performance.now();
    const values = await Promise.all(Array.from({ length: 64 }, () => store.get('key')));
    expect(values.map(String)).toEqual(Array.from({ length: 64 }, () => 'value'));
    expect(performance.now() - begun).toBeLessThan(5_000);
    await use(store, 'after');
  });
});
