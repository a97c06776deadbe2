import type { Client } from 'pg';
import { waitFor } from './conditions.js';
import type { Harness } from './harness.js';

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** The key under which boots on one table exclude each other, Go's and ours alike. */
export function schemaLockKey(table: string): string {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(`postgresstore:ensureSchema:${table}`)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  }
  return BigInt.asIntN(64, hash).toString();
}

/** Takes an advisory lock in a session of its own and keeps it until that session unlocks or ends. */
export async function holdAdvisoryLock(harness: Harness, key: string): Promise<Client> {
  const holder = await harness.connect();
  await holder.query('SELECT pg_advisory_lock($1::bigint)', [key]);
  return holder;
}

/** Resolves as soon as somebody waits for the advisory lock. */
export async function advisoryLockAwaited(harness: Harness, key: string): Promise<void> {
  await waitFor(
    async () => {
      const [row] = await harness.sql<{ waiting: boolean }>(
        `SELECT EXISTS (
           SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1
             AND (classid::bigint << 32 | objid::bigint) = $1::bigint) AS waiting`,
        [key],
      );
      return row?.waiting;
    },
    { what: 'a waiter for the advisory lock' },
  );
}

export interface WaitingBackend {
  pid: number;
  query: string;
}

/** Resolves to a backend that waits for a lock which the holder's session has. */
export function blockedBy(harness: Harness, holder: Client): Promise<WaitingBackend> {
  return waitFor(
    async () => {
      const pid = await backendOf(holder);
      const [row] = await harness.sql<WaitingBackend>(
        `SELECT pid, query FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))`,
        [pid],
      );
      return row;
    },
    { what: 'a backend that waits' },
  );
}

const backends = new WeakMap<Client, number>();

export async function backendOf(client: Client): Promise<number> {
  const known = backends.get(client);
  if (known !== undefined) return known;
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0].pid;
  backends.set(client, pid);
  return pid;
}

/** Advisory locks held by connections of this name. */
export async function advisoryLocksOf(harness: Harness, applicationName: string): Promise<number> {
  const [row] = await harness.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND application_name = $1`,
    [applicationName],
  );
  return row.count;
}
