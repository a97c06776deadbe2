import { Pool } from 'pg';
import { TTL, sessionBytes } from '../dataset.js';
import type { Server } from '../servers/server.js';
import { seedStatements } from './seed-sql.js';
import type { System } from './system.js';

/** The floor of one row a statement: nothing but named statements through a pool. */
export function pgNamed(server: Server, table: string): System {
  const pool = new Pool({ connectionString: server.url, max: 10 });
  const sql = seedStatements(table);
  const touch = `UPDATE ${table} SET expires_at = $2 WHERE id = $1`;
  const expiry = (): Date => new Date(Date.now() + TTL);
  return {
    name: 'pg named statements, pg.Pool(10)',
    serverPid: server.pid,
    get: async (key) =>
      (await pool.query<{ value: Buffer }>({ name: 'get', text: sql.get, values: [key] })).rows[0]
        ?.value,
    set: (key, n, v) =>
      pool.query({ name: 'set', text: sql.set, values: [key, sessionBytes(n, v), expiry()] }),
    touch: (key) => pool.query({ name: 'touch', text: touch, values: [key, expiry()] }),
    close: () => pool.end(),
  };
}
