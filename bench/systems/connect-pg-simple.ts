import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import { Pool } from 'pg';
import { TTL } from '../dataset.js';
import type { Server } from '../servers/server.js';
import { expressStore } from './express-store.js';
import type { System } from './system.js';

export async function pgSimple(name: string, server: Server, table: string): Promise<System> {
  const pool = new Pool({ connectionString: server.url, max: 10 });
  const Store = connectPgSimple(session);
  const store = new Store({
    pool,
    tableName: table,
    createTableIfMissing: true,
    pruneSessionInterval: false,
    ttl: TTL / 1000,
  });
  const system = expressStore(name, server, store, () => pool.end());
  // It makes its table at the first call.
  await system.set('first', 0, 0);
  await pool.query(`TRUNCATE ${table}`);
  return system;
}
