import { describe, expect, it } from '@jest/globals';
import { getSessionSchemaSql } from '../../lib/index.js';
import { exists } from '../support/catalog.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { createClerk, grantRows } from '../support/roles.js';
import { collect } from '../conformance/helpers.js';

describe('A role that may only select, insert, update and delete', () => {
  const harness = Harness.use();

  /** A table that somebody else has made, and the clerk may work on. */
  async function openTable(): Promise<{ tableName: string; connection: string }> {
    const tableName = harness.table();
    const { close } = await harness.startStore({ tableName });
    await close();
    const clerk = await createClerk(harness);
    await grantRows(harness, tableName, clerk);
    return { tableName, connection: clerk.connection };
  }

  it('is told what an administrator has to run if there is no table, and that works', async () => {
    const clerk = await createClerk(harness);
    const { connection } = clerk;
    const tableName = harness.table();
    const error = await ownFailureOf(harness.startStore({ connection, tableName }));
    expect(error).toMatchObject({
      code: 'ERR_SCHEMA_INIT',
      phase: 'ensure_schema:create_table',
      cause: expect.objectContaining({ code: '42501' }),
    });
    const ddl = error.message.slice(error.message.indexOf('CREATE TABLE'));
    expect(ddl.trim()).toBe(getSessionSchemaSql({ tableName }).trim());
    await harness.sql(ddl);
    await grantRows(harness, tableName, clerk);
    expect(await exists(harness, `${tableName}_expires_at`)).toBe(true);
    const { store } = await harness.startStore({ connection, tableName });
    await store.set('key', 'value');
  });

  it('is told that there is no table under skipSchemaInit too', async () => {
    const { connection } = await createClerk(harness);
    const options = { connection, tableName: harness.table(), skipSchemaInit: true };
    const error = await ownFailureOf(harness.startStore(options));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
  });

  it.each([false, true])('does everything else (skipSchemaInit: %s)', async (skipSchemaInit) => {
    const { tableName, connection } = await openTable();
    const { store, cleanup } = await harness.startStore({ connection, tableName, skipSchemaInit });
    await store.set('k', 'v', { ttl: 60_000, owner: 'o' });
    expect(await store.get('k')).toEqual(Buffer.from('v'));
    expect(await store.touch('k', 60_000)).toBe(true);
    expect(await store.compareAndSet('k', 'v', 'w')).toBe(true);
    expect((await store.update('k', () => 'x'))?.toString()).toBe('x');
    expect(await store.increment('n')).toBe(1);
    expect(await store.setIfAbsent('k', 'y')).toBe(false);
    expect(await store.setIfPresent('k', 'y')).toBe(true);
    expect((await store.getEntry('k'))?.value.toString()).toBe('y');
    expect(await store.move('k', 'l', 'y', { owner: 'o' })).toBe(true);
    expect(await store.move('l', 'k', 'y', { owner: 'o' })).toBe(true);
    expect(await store.count({ owner: 'o' })).toBe(1);
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
    await harness.sql(
      `INSERT INTO ${tableName} (id, value, expires_at)
       VALUES ('old', 'x', now() - interval '1 hour')`,
    );
    expect(await cleanup.sweep()).toMatchObject({ deleted: 1 });
  });

  it('empties the table by the empty prefix without the right to truncate it', async () => {
    const { tableName, connection } = await openTable();
    await harness.sql(
      `INSERT INTO ${tableName} (id, value) SELECT 'row:' || n, 'x' FROM generate_series(1, 5000) n`,
    );
    const { store } = await harness.startStore({ connection, tableName });
    await store.deletePrefix('');
    expect(await harness.sql(`SELECT FROM ${tableName}`)).toEqual([]);
  });

  it('empties a table by the empty prefix that a foreign key keeps from being truncated', async () => {
    const tableName = harness.table();
    const { store } = await harness.startStore({ tableName });
    await harness.sql(
      `CREATE TABLE of_${tableName} (session text REFERENCES ${tableName} ON DELETE CASCADE)`,
    );
    await store.set('key', 'value');
    await harness.sql(`INSERT INTO of_${tableName} VALUES ('key')`);
    await store.deletePrefix('');
    expect(await harness.sql(`SELECT FROM ${tableName}`)).toEqual([]);
  });
});
