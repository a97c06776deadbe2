import { describe, expect, it } from '@jest/globals';
import { exists } from '../support/catalog.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

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
