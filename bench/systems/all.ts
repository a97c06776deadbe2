import { Pool } from 'pg';
import type { Plan } from '../flags.js';
import type { Lab } from '../servers/lab.js';
import type { Server } from '../servers/server.js';
import { redisVersion } from '../servers/redis.js';
import { pgSimple } from './connect-pg-simple.js';
import { keyvPostgres } from './keyv-postgres.js';
import { withClient } from './client.js';
import { fillRedis, fillTable } from './load.js';
import { openNestStore } from './nest-store.js';
import { ours, oursParsed } from './ours.js';
import { pgNamed } from './pg-named.js';
import { connectRedis, ioredis, nodeRedis } from './redis.js';
import { seedSql, seedTable } from './seed-sql.js';
import type { System } from './system.js';

/** Names by which the targets find their systems. */
export const OURS = 'ours';
export const OURS_LENT = 'ours, lent pool';
export const OURS_UNBATCHED = 'ours, batching off';
export const OURS_PARSED = 'ours, session parsed';
export const CONNECT_PG_SIMPLE = 'connect-pg-simple';
export const KEYV = '@keyv/postgres';
export const SEED = "the seed's SQL, pg.Pool(10)";
export const CONNECT_REDIS = 'connect-redis, no persistence';
export const NODE_REDIS = 'node-redis, no persistence';
export const IOREDIS = 'ioredis auto-pipelining, no persistence';
export const NODE_REDIS_DURABLE = 'node-redis, appendfsync always';
export const IOREDIS_DURABLE = 'ioredis auto-pipelining, appendfsync always';

export interface Systems {
  /** Those that take part in every workload. */
  all: System[];
  /** Those that take part in `set` alone: what they add is a disk that is waited for. */
  durableSets: System[];
}

/** Every layout of table has a PostgreSQL of its own, so that none evicts another's pages. */
export async function openSystems(plan: Plan, lab: Lab): Promise<Systems> {
  const all = [
    ...(await openOurs(plan, await lab.postgres())),
    ...(await openSeed(plan, await lab.postgres())),
    await openPgSimple(plan, await lab.postgres()),
    await openKeyv(plan, await lab.postgres()),
  ];
  const durableSets: System[] = [];
  if (redisVersion()) {
    const volatile = await lab.redis('volatile');
    await fillRedis(volatile.url, plan.rows);
    all.push(
      await connectRedis(volatile, CONNECT_REDIS),
      await nodeRedis(volatile, NODE_REDIS),
      ioredis(volatile, IOREDIS),
    );
    const durable = await lab.redis('durable');
    await fillRedis(durable.url, plan.rows);
    durableSets.push(
      await nodeRedis(durable, NODE_REDIS_DURABLE),
      ioredis(durable, IOREDIS_DURABLE),
    );
  }
  for (const system of [...all, ...durableSets]) lab.defer(() => system.close());
  return { all, durableSets };
}

async function openOurs(plan: Plan, server: Server): Promise<System[]> {
  const batched = await openNestStore(server.url);
  await fillTable(server.url, 'celeris_sessions', plan.rows);
  const pool = new Pool({ connectionString: server.url, max: 10 });
  return [
    ours(OURS, server, batched),
    lent(pool, ours(OURS_LENT, server, await openNestStore(server.url, { pool }))),
    ours(OURS_UNBATCHED, server, await openNestStore(server.url, { batching: false })),
    oursParsed(OURS_PARSED, server, await openNestStore(server.url)),
  ];
}

/** The application ends the pool that it lent. */
function lent(pool: Pool, system: System): System {
  return { ...system, close: () => system.close().then(() => pool.end()) };
}

async function openSeed(plan: Plan, server: Server): Promise<System[]> {
  await withClient(server.url, (client) => client.query(seedTable('seed_sessions')));
  await fillTable(server.url, 'seed_sessions', plan.rows);
  return [seedSql(SEED, server, 'seed_sessions'), pgNamed(server, 'seed_sessions')];
}

async function openPgSimple(plan: Plan, server: Server): Promise<System> {
  const system = await pgSimple(CONNECT_PG_SIMPLE, server, 'session');
  await fillTable(server.url, 'session', plan.rows, 'pgSimple');
  return system;
}

async function openKeyv(plan: Plan, server: Server): Promise<System> {
  const system = await keyvPostgres(KEYV, server, 'keyv');
  await fillTable(server.url, 'keyv', plan.rows, 'keyv');
  return system;
}
