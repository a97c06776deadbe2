import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { PostgresSessionCleanupService, PostgresSessionError } from '../../lib/index.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { startStore } from '../support/app.js';
import { collect } from './support/memory.js';
import { codeOf, settle } from './support/settle.js';

const TABLE = 'private_sessions';

describe('A role that may only select, insert, update and delete', () => {
  let server: PostgresServer;
  let admin: pg.Client;
  let connection: string;

  beforeAll(async () => {
    server = await startPostgres();
    admin = new pg.Client({ connectionString: server.connectionString });
    await admin.connect();
    await admin.query(`CREATE ROLE clerk LOGIN PASSWORD 'clerk'`);
    // PostgreSQL 14 still lets everyone create tables here.
    await admin.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    const url = new URL(server.connectionString);
    url.username = 'clerk';
    url.password = 'clerk';
    connection = url.href;
  });

  afterAll(async () => {
    await admin?.end();
    await server?.remove();
  });

  it('is told what an administrator has to run where the table is missing', async () => {
    const failed = await settle(() => startStore({ connection, tableName: 'not_there' }));
    expect(codeOf(failed)).toBe('ERR_SCHEMA_INIT');
    expect((failed.error as PostgresSessionError).message).toMatch(/CREATE TABLE/);
    const checked = await settle(() =>
      startStore({ connection, tableName: 'not_there', skipSchemaInit: true }),
    );
    expect(codeOf(checked)).toBe('ERR_SCHEMA_INIT');
  });

  it.each([false, true])('does everything else (skipSchemaInit: %s)', async (skipSchemaInit) => {
    const owner = await startStore({ connection: server.connectionString, tableName: TABLE });
    await owner.close();
    await admin.query(`TRUNCATE ${TABLE}`);
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${TABLE} TO clerk`);
    const { app, store, close } = await startStore({
      connection,
      tableName: TABLE,
      skipSchemaInit,
    });
    await store.set('k', 'v', { ttl: 60_000, owner: 'o' });
    expect(await store.touch('k', 60_000)).toBe(true);
    expect(await store.compareAndSet('k', 'v', 'w')).toBe(true);
    expect((await store.update('k', () => 'x'))?.toString()).toBe('x');
    expect(await store.increment('n')).toBe(1);
    expect(await store.setIfAbsent('k', 'y')).toBe(false);
    await store.setMany([
      ['a:1', '1'],
      ['a:2', '2'],
    ]);
    expect((await store.getMany(['a:1', 'a:2'])).size).toBe(2);
    expect(await collect(store.scan('a:'))).toEqual(['a:1', 'a:2']);
    expect(await collect(store.scanOwner('o'))).toEqual(['k']);
    expect(await store.deleteOwner('o')).toBe(1);
    await store.deletePrefix('a:');
    expect(await store.deleteMany(['a:1'])).toBe(0);
    await admin.query(
      `INSERT INTO ${TABLE} (id, value, expires_at) VALUES ('old', 'x', now() - interval '1 hour')`,
    );
    expect(await app.get(PostgresSessionCleanupService).sweep()).toMatchObject({ deleted: 1 });
    await close();
  });

  it('empties the table by the empty prefix without the right to truncate it', async () => {
    await admin.query(
      `INSERT INTO ${TABLE} (id, value) SELECT 'row:' || n, 'x' FROM generate_series(1, 5000) n`,
    );
    const { store, close } = await startStore({ connection, tableName: TABLE });
    await store.deletePrefix('');
    const { rows } = await admin.query(`SELECT count(*)::int AS count FROM ${TABLE}`);
    expect(rows).toEqual([{ count: 0 }]);
    await close();
  });
});
