import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { exists } from '../support/catalog.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('the names of table and schema', () => {
  const harness = Harness.use();

  async function otherSchema(): Promise<string> {
    const schema = `other_${randomBytes(6).toString('hex')}`;
    await harness.sql(`CREATE SCHEMA ${schema}`);
    harness.onEnd(() => harness.sql(`DROP SCHEMA ${schema} CASCADE`));
    return schema;
  }

  it('is celeris_sessions by default, in the connection’s search path', async () => {
    await harness.startStore();
    expect(await exists(harness, `${harness.schema}.celeris_sessions`)).toBe(true);
    expect(await exists(harness, `${harness.schema}.celeris_sessions_expires_at`)).toBe(true);
  });

  it('folds the table’s name to lower case, as an unquoted name does', async () => {
    const tableName = harness.table();
    const { store } = await harness.startStore({ tableName: tableName.toUpperCase() });
    await store.set('key', 'value');
    expect(await harness.sql(`SELECT id FROM ${tableName}`)).toEqual([{ id: 'key' }]);
    expect(await exists(harness, `${tableName}_expires_at`)).toBe(true);
  });

  it('quotes it, so that a reserved word will do', async () => {
    const { store } = await harness.startStore({ tableName: 'User' });
    await store.set('key', 'value', { owner: 'ann' });
    expect(await harness.sql('SELECT id FROM "user"')).toEqual([{ id: 'key' }]);
    await store.deletePrefix('');
    expect(await harness.sql('SELECT id FROM "user"')).toEqual([]);
  });

  it('takes a table name as long as the names of its indexes allow, and no longer', async () => {
    const suffix = '_expires_at';
    const longest = `l${harness.table()}`.padEnd(63 - suffix.length, 'x');
    const { store } = await harness.startStore({ tableName: longest });
    await store.set('key', 'value', { owner: 'ann' });
    expect(await exists(harness, `${longest}${suffix}`)).toBe(true);
    const error = await ownFailureOf(harness.startStore({ tableName: `${longest}x` }));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('tableName');
  });

  it('puts the table into the schema of the option', async () => {
    const schema = await otherSchema();
    const tableName = harness.table();
    const { store } = await harness.startStore({ schema: schema.toUpperCase(), tableName });
    await store.set('key', 'value');
    expect(await harness.sql(`SELECT id FROM ${schema}.${tableName}`)).toEqual([{ id: 'key' }]);
    expect(await exists(harness, `${schema}.${tableName}_expires_at`)).toBe(true);
    expect(await exists(harness, `${harness.schema}.${tableName}`)).toBe(false);
  });

  it('keeps tables of one name in two schemas apart', async () => {
    const schema = await otherSchema();
    const tableName = harness.table();
    const here = await harness.startStore({ tableName });
    const there = await harness.startStore({ schema, tableName });
    await here.store.set('key', 'here');
    await there.store.set('key', 'there');
    expect(await here.store.get('key')).toEqual(Buffer.from('here'));
    expect(await there.store.get('key')).toEqual(Buffer.from('there'));
  });

  it('tells how a name in capital letters was folded if its table or a column is missing', async () => {
    const tableName = `My_${harness.table()}`;
    const told = `"${tableName.toLowerCase()}" (folded from ${tableName})`;
    const absent = await ownFailureOf(harness.startStore({ tableName, skipSchemaInit: true }));
    expect(absent.message).toContain(told);
    await harness.sql(`CREATE TABLE ${tableName} (id text PRIMARY KEY, expires_at timestamptz)`);
    for (const skipSchemaInit of [false, true]) {
      const error = await ownFailureOf(harness.startStore({ tableName, skipSchemaInit }));
      expect(error.message).toContain(told);
      expect(error.message).toContain('column "value" (bytea) is missing');
    }
  });

  it('tells how the name of a missing schema was folded', async () => {
    const schema = `Absent_${randomBytes(6).toString('hex')}`;
    const error = await ownFailureOf(harness.startStore({ schema, tableName: 'MyApp' }));
    expect(error.message).toContain(
      `"${schema.toLowerCase()}"."myapp" (folded from ${schema}.MyApp)`,
    );
  });

  const TAKERS: Array<[what: string, take: (name: string) => string]> = [
    ['a table', (name) => `CREATE TABLE ${name} (n int)`],
    ['a sequence', (name) => `CREATE SEQUENCE ${name}`],
    [
      'an index',
      (name) => `CREATE TABLE of_${name} (n int); CREATE INDEX ${name} ON of_${name} (n)`,
    ],
  ];

  it.each(TAKERS)(
    'are told if that of an index is taken by %s, with what to run',
    async (what, take) => {
      for (const suffix of ['expires_at', 'owner']) {
        const tableName = harness.table();
        const index = `${tableName}_${suffix}`;
        await harness.sql(take(index));
        const error = await ownFailureOf(harness.startStore({ tableName }));
        expect(error).toMatchObject({
          code: 'ERR_SCHEMA_INIT',
          phase: 'ensure_schema:check_index',
        });
        expect(error.message).toContain(`the name "${index}" of its index is taken by ${what}`);
        expect(await exists(harness, tableName)).toBe(false);
        const cure = /^ALTER TABLE .*;$/m.exec(error.message)?.[0];
        await harness.sql(cure ?? '');
        await harness.startStore({ tableName });
        expect(await exists(harness, index)).toBe(true);
      }
    },
  );

  it('does not make a missing schema, and names it', async () => {
    const schema = `absent_${randomBytes(6).toString('hex')}`;
    const error = await ownFailureOf(harness.startStore({ schema, tableName: harness.table() }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.message).toContain(schema);
    const found = await harness.sql('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    expect(found).toEqual([]);
  });
});
