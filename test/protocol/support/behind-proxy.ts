import type { Pool } from 'pg';
import { getSessionPoolToken } from '../../../lib/index.js';
import type { Harness } from '../../support/harness.js';
import type { RunningStore, StoreOptions } from '../../support/app.js';
import { waitFor } from '../../support/conditions.js';
import { ProtocolProxy } from './protocol-proxy.js';

/** Whose the pool is, for `describe.each`. */
export const POOLS = [{ pool: 'an own pool' }, { pool: 'a lent pool' }] as const;

type PoolKind = (typeof POOLS)[number]['pool'];

/** Pools with the ways in which calls become statements. */
export const SETUPS = POOLS.flatMap(({ pool }) => [
  { setup: `${pool} with batching`, pool, options: {} },
  { setup: `${pool} without batching`, pool, options: { batching: false } as const },
  {
    setup: `${pool} without prepared statements`,
    pool,
    options: { preparedStatements: false },
  },
]);

interface StoreAndPool extends RunningStore {
  pool: Pool;
}

export interface BehindProxy extends StoreAndPool {
  proxy: ProtocolProxy;
  table: string;
}

interface BehindProxyOptions extends Omit<StoreOptions, 'pool' | 'connection'> {
  /** Connections that the store may use at once. */
  connections?: number;
}

/** The value that the table refuses. */
export const REFUSED = 'refused';

/** A store whose connections lead through a proxy that knows the protocol. */
export async function startBehindProxy(
  harness: Harness,
  kind: PoolKind,
  options: BehindProxyOptions = {},
): Promise<BehindProxy> {
  const proxy = await openProxy(harness);
  const table = harness.table();
  const running = await startThrough(proxy, harness, kind, { tableName: table, ...options });
  // A start has one connection more, for its checks.
  await waitFor(() => proxy.open === running.pool.totalCount, { what: 'the end of the start' });
  proxy.forgetLost();
  await harness.sql(`ALTER TABLE ${table} ADD CHECK (value <> '${REFUSED}')`);
  return { proxy, table, ...running };
}

export async function openProxy(harness: Harness): Promise<ProtocolProxy> {
  const proxy = await ProtocolProxy.to(harness.url);
  harness.onEnd(() => proxy.close());
  return proxy;
}

export async function startThrough(
  proxy: ProtocolProxy,
  harness: Harness,
  kind: PoolKind,
  { connections = 4, ...options }: BehindProxyOptions,
): Promise<StoreAndPool> {
  // A connection that ends is one that the store gave up.
  const settings = { connectionString: proxy.url, idleTimeoutMillis: 0 };
  // Of a lent pool, half stays free for the application.
  const target =
    kind === 'an own pool'
      ? { connection: { ...settings, max: connections } }
      : { pool: harness.pool({ ...settings, max: 2 * connections - 1 }) };
  const running = await harness.startStore({ ...options, ...target });
  const pool = running.app.get<Pool>(getSessionPoolToken(), { strict: false });
  return { ...running, pool };
}
