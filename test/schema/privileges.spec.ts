import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { getSessionSchemaSql } from '../../lib/index.js';
import { exists } from '../support/catalog.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('a role that may not CREATE', () => {
  const harness = Harness.use();

  /** The connection string of a role that may look into the schema, and no more. */
  async function plainRole(): Promise<{ role: string; url: string }> {
    const role = `role_${randomBytes(6).toString('hex')}`;
    const password = randomBytes(12).toString('hex');
    await harness.sql(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    await harness.sql(`GRANT USAGE ON SCHEMA ${harness.schema} TO ${role}`);
    harness.onEnd(() => harness.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const url = new URL(harness.url);
    url.username = role;
    url.password = password;
    return { role, url: url.href };
  }

  async function grantedTable(role: string): Promise<string> {
    const tableName = harness.table();
    await (await harness.startStore({ tableName })).close();
    await harness.sql(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${tableName} TO ${role}`);
    return tableName;
  }

  it('boots on a table that exists', async () => {
    const { role, url } = await plainRole();
    const tableName = await grantedTable(role);
    const { store, close } = await harness.startStore({ connection: url, tableName });
    await store.set('key', 'value', { owner: 'ann' });
    expect(await store.get('key')).toEqual(Buffer.from('value'));
    await close();
  });

  it('is told what to run where there is no table, and that works', async () => {
    const { role, url } = await plainRole();
    const tableName = harness.table();
    const error = await ownFailureOf(harness.startStore({ connection: url, tableName }));
    expect(error).toMatchObject({
      code: 'ERR_SCHEMA_INIT',
      phase: 'ensure_schema:create_table',
      cause: expect.objectContaining({ code: '42501' }),
    });
    const ddl = error.message.slice(error.message.indexOf('CREATE TABLE'));
    expect(ddl.trim()).toBe(getSessionSchemaSql({ tableName }).trim());
    await harness.sql(ddl);
    await harness.sql(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${tableName} TO ${role}`);
    expect(await exists(harness, `${tableName}_expires_at`)).toBe(true);
    const { store, close } = await harness.startStore({ connection: url, tableName });
    await store.set('key', 'value');
    await close();
  });
});

describe('skipSchemaInit', () => {
  const harness = Harness.use();

  it('makes no table, and says which one is missing', async () => {
    const tableName = harness.table();
    const error = await ownFailureOf(harness.startStore({ tableName, skipSchemaInit: true }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.message).toContain(tableName);
    expect(error.message).toMatch(/does not exist|missing|no table/i);
    expect(await exists(harness, tableName)).toBe(false);
  });

  it.each(['id', 'value', 'expires_at'])('names a missing column: %s', async (column) => {
    const tableName = harness.table();
    await harness.sql(`CREATE TABLE ${tableName} (id text, value bytea, expires_at timestamptz)`);
    await harness.sql(`ALTER TABLE ${tableName} DROP COLUMN ${column}`);
    const error = await ownFailureOf(harness.startStore({ tableName, skipSchemaInit: true }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.message).toMatch(new RegExp(`\\b${column}\\b`));
    expect(error.message).toContain(tableName);
  });

  it('takes no lock and makes no index', async () => {
    const tableName = harness.table();
    await harness.sql(
      `CREATE TABLE ${tableName} (id text PRIMARY KEY, value bytea NOT NULL, expires_at timestamptz)`,
    );
    const holder = await harness.connect();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${tableName} IN ROW EXCLUSIVE MODE`);
    await harness.startStore({ tableName, skipSchemaInit: true });
    await holder.query('ROLLBACK');
    expect(await exists(harness, `${tableName}_expires_at`)).toBe(false);
  });
});
