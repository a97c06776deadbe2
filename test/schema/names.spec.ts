import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { exists } from '../module/support/catalog.js';
import { ownFailureOf } from '../module/support/failures.js';
import { Harness } from '../module/support/harness.js';
import { startStore, storeOf } from '../module/support/stores.js';

describe('the names of table and schema', () => {
  const harness = Harness.use();

  async function otherSchema(): Promise<string> {
    const schema = `other_${randomBytes(6).toString('hex')}`;
    await harness.sql(`CREATE SCHEMA ${schema}`);
    harness.onEnd(() => harness.sql(`DROP SCHEMA ${schema} CASCADE`));
    return schema;
  }

  it('is celeris_sessions by default, in the connection’s search path', async () => {
    await startStore(harness, {});
    expect(await exists(harness, `${harness.schema}.celeris_sessions`)).toBe(true);
    expect(await exists(harness, `${harness.schema}.celeris_sessions_expires_at`)).toBe(true);
  });

  it('folds the table’s name to lower case, as an unquoted name does', async () => {
    const tableName = harness.table();
    const app = await startStore(harness, { tableName: tableName.toUpperCase() });
    await storeOf(app).set('key', 'value');
    expect(await harness.sql(`SELECT id FROM ${tableName}`)).toEqual([{ id: 'key' }]);
    expect(await exists(harness, `${tableName}_expires_at`)).toBe(true);
  });

  it('quotes it, so that a reserved word will do', async () => {
    const app = await startStore(harness, { tableName: 'User' });
    await storeOf(app).set('key', 'value', { owner: 'ann' });
    expect(await harness.sql('SELECT id FROM "user"')).toEqual([{ id: 'key' }]);
    await storeOf(app).deletePrefix('');
    expect(await harness.sql('SELECT id FROM "user"')).toEqual([]);
  });

  it('takes a table name as long as the names of its indexes allow, and no longer', async () => {
    const suffix = '_expires_at';
    const longest = `l${harness.table()}`.padEnd(63 - suffix.length, 'x');
    const app = await startStore(harness, { tableName: longest });
    await storeOf(app).set('key', 'value', { owner: 'ann' });
    expect(await exists(harness, `${longest}${suffix}`)).toBe(true);
    const error = await ownFailureOf(startStore(harness, { tableName: `${longest}x` }));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('tableName');
  });

  it('puts the table into the schema of the option', async () => {
    const schema = await otherSchema();
    const tableName = harness.table();
    const app = await startStore(harness, { schema: schema.toUpperCase(), tableName });
    await storeOf(app).set('key', 'value');
    expect(await harness.sql(`SELECT id FROM ${schema}.${tableName}`)).toEqual([{ id: 'key' }]);
    expect(await exists(harness, `${schema}.${tableName}_expires_at`)).toBe(true);
    expect(await exists(harness, `${harness.schema}.${tableName}`)).toBe(false);
  });

  it('keeps tables of one name in two schemas apart', async () => {
    const schema = await otherSchema();
    const tableName = harness.table();
    const here = await startStore(harness, { tableName });
    const there = await startStore(harness, { schema, tableName });
    await storeOf(here).set('key', 'here');
    await storeOf(there).set('key', 'there');
    expect(await storeOf(here).get('key')).toEqual(Buffer.from('here'));
    expect(await storeOf(there).get('key')).toEqual(Buffer.from('there'));
  });

  it('does not make a missing schema, and names it', async () => {
    const schema = `absent_${randomBytes(6).toString('hex')}`;
    const error = await ownFailureOf(startStore(harness, { schema, tableName: harness.table() }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.message).toContain(schema);
    const found = await harness.sql('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    expect(found).toEqual([]);
  });
});
