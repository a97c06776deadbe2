import { describe, expect, it } from '@jest/globals';
import { getSessionSchemaSql } from '../../lib/index.js';
import { failureOf, ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { SPOILT_TABLES } from './support/spoilt-tables.js';

const MENDS = 'have a DBA run:\n';

function cureIn(message: string): string {
  expect(message).toContain(MENDS);
  return message.slice(message.indexOf(MENDS) + MENDS.length);
}

describe('A table that the store could not work on is refused at the start, with what to run:', () => {
  // Indexes that are made concurrently wait for every older transaction of the database.
  const harness = Harness.useServer();

  async function madeTable(): Promise<string> {
    const tableName = harness.table();
    await harness.sql(getSessionSchemaSql({ tableName }));
    return tableName;
  }

  async function refusalOf(tableName: string, skipSchemaInit = false): Promise<string> {
    const error = await ownFailureOf(harness.startStore({ tableName, skipSchemaInit }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.phase).toBe(skipSchemaInit ? undefined : 'ensure_schema:check_table');
    expect(error.message).toContain(tableName);
    return error.message;
  }

  /** One by one: some statements take no others beside them. */
  async function runAll(sql: string): Promise<void> {
    for (const statement of sql.split(';\n')) {
      if (statement !== '') await harness.sql(statement);
    }
  }

  async function expectToWork(tableName: string): Promise<void> {
    const { store, cleanup } = await harness.startStore({ tableName });
    await store.set('key', 'value');
    await store.set('KEY', 'other', { ttl: 60_000 });
    expect((await store.get('key'))?.toString()).toBe('value');
    await harness.sql(
      `INSERT INTO ${tableName} (id, value, expires_at) VALUES ('old', 'x', now() - interval '1 day')`,
    );
    expect(await cleanup.sweep()).toMatchObject({ deleted: 1 });
  }

  it.each(SPOILT_TABLES)('$what', async ({ spoil, told }) => {
    const tableName = await madeTable();
    await harness.sql(spoil(tableName));
    const message = await refusalOf(tableName);
    expect(message).toMatch(told);
    expect(await refusalOf(tableName, true)).toMatch(told);
    await runAll(cureIn(message));
    await expectToWork(tableName);
  });

  it('a unique index that a failed CREATE INDEX CONCURRENTLY left invalid', async () => {
    const tableName = await madeTable();
    await harness.sql(`ALTER TABLE ${tableName} DROP CONSTRAINT ${tableName}_pkey`);
    await harness.sql(`INSERT INTO ${tableName} (id, value) VALUES ('twice', 'a'), ('twice', 'b')`);
    const create = `CREATE UNIQUE INDEX CONCURRENTLY ${tableName}_key ON ${tableName} (id)`;
    await failureOf(harness.sql(create));
    await harness.sql(`DELETE FROM ${tableName}`);
    const message = await refusalOf(tableName);
    expect(message).toContain(`index "${tableName}_key" is invalid`);
    await runAll(cureIn(message));
    await expectToWork(tableName);
  });

  /** One of a name that the store looks for. */
  async function leaveInvalidIndex(tableName: string): Promise<void> {
    await harness.sql(`DROP INDEX ${tableName}_expires_at`);
    await harness.sql(`INSERT INTO ${tableName} (id, value) VALUES ('a', 'x')`);
    const create = `CREATE INDEX CONCURRENTLY ${tableName}_expires_at ON ${tableName} ((1 / (length(id) - 1)))`;
    await failureOf(harness.sql(create));
    await harness.sql(`DELETE FROM ${tableName}`);
  }

  it('an expiry index that a failed CREATE INDEX CONCURRENTLY left invalid', async () => {
    const tableName = await madeTable();
    await leaveInvalidIndex(tableName);
    const message = await refusalOf(tableName);
    expect(message).toContain(`index "${tableName}_expires_at" is invalid`);
    expect(await refusalOf(tableName, true)).toContain(`"${tableName}_expires_at"`);
    await runAll(cureIn(message));
    await harness.startStore({ tableName });
  });

  it('not an index that CREATE INDEX CONCURRENTLY is still building', async () => {
    const tableName = await madeTable();
    await leaveInvalidIndex(tableName);
    const builder = await harness.connect();
    await builder.query('BEGIN');
    await builder.query(`LOCK TABLE ${tableName} IN SHARE UPDATE EXCLUSIVE MODE`);
    const { store } = await harness.startStore({ tableName });
    await store.set('key', 'value');
    await builder.query('ROLLBACK');
  });
});
