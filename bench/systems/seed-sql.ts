import { Pool } from 'pg';
import { TTL, sessionBytes } from '../dataset.js';
import type { Server } from '../servers/server.js';
import type { System } from './system.js';

/** The table of celeris `postgresstore`. */
export function seedTable(table: string): string {
  return `CREATE TABLE ${table} (id text PRIMARY KEY, value bytea NOT NULL, expires_at timestamptz);
    CREATE INDEX ${table}_expires_at ON ${table} (expires_at) WHERE expires_at IS NOT NULL`;
}

export function seedStatements(table: string) {
  return {
    get: `SELECT value FROM ${table} WHERE id = $1 AND (expires_at IS NULL OR expires_at > now())`,
    set: `INSERT INTO ${table} (id, value, expires_at) VALUES ($1, $2, $3)
      ON CONFLICT (id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
  };
}

/** The seed's statements, unnamed. It has no touch: a new expiry is a new write of the session. */
export function seedSql(name: string, server: Server, table: string): System {
  const pool = new Pool({ connectionString: server.url, max: 10 });
  const sql = seedStatements(table);
  const set = (key: string, n: number, v: number): Promise<unknown> =>
    pool.query(sql.set, [key, sessionBytes(n, v), new Date(Date.now() + TTL)]);
  return {
    name,
    serverPid: server.pid,
    get: async (key) => (await pool.query<{ value: Buffer }>(sql.get, [key])).rows[0]?.value,
    set,
    touch: (key, n) => set(key, n, 0),
    close: () => pool.end(),
  };
}
