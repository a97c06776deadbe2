import { describe, expect, it } from '@jest/globals';
import { celerisDdl, columnsOf, indexesOf } from '../support/catalog.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('a table that celeris made', () => {
  const harness = Harness.use();

  async function celerisTable(): Promise<string> {
    const table = harness.table();
    await harness.sql(celerisDdl(table));
    return table;
  }

  it('is used as it is, without a further column or index', async () => {
    const tableName = await celerisTable();
    const columns = await columnsOf(harness, tableName);
    const indexes = await indexesOf(harness, tableName);
    const { store } = await harness.startStore({ tableName });
    await store.set('key', 'value', { ttl: 60_000 });
    expect(await columnsOf(harness, tableName)).toEqual(columns);
    expect(await indexesOf(harness, tableName)).toEqual(indexes);
  });

  it('is read and written in both directions', async () => {
    const tableName = await celerisTable();
    await harness.sql(
      `INSERT INTO ${tableName} VALUES ('live', 'a', now() + interval '1 h'),
         ('gone', 'b', now() - interval '1 s'), ('lasting', 'c', NULL)`,
    );
    const { store } = await harness.startStore({ tableName });
    const found = await store.getMany(['live', 'gone', 'lasting']);
    expect([...found.keys()].toSorted()).toEqual(['lasting', 'live']);
    expect(await store.touch('live', 60_000)).toBe(true);
    await store.set('ours', 'd');
    const rows = await harness.sql(
      `SELECT id FROM ${tableName} WHERE expires_at IS NULL OR expires_at > now() ORDER BY id`,
    );
    expect(rows).toEqual([{ id: 'lasting' }, { id: 'live' }, { id: 'ours' }]);
  });

  it('is swept in batches', async () => {
    const tableName = await celerisTable();
    await harness.sql(
      `INSERT INTO ${tableName}
       SELECT 'k' || n, 'x', now() - n * interval '1 min' FROM generate_series(-4, 25) AS n`,
    );
    const { cleanup } = await harness.startStore({ tableName, cleanup: { batchSize: 10 } });
    const { deleted, batches } = await cleanup.sweep();
    expect(deleted).toBe(26);
    expect(batches).toBeGreaterThanOrEqual(3);
    expect(await harness.sql(`SELECT FROM ${tableName}`)).toHaveLength(4);
  });

  it('says clearly what it lacks for owners', async () => {
    const { store } = await harness.startStore({ tableName: await celerisTable() });
    const set = store.set('key', 'value', { owner: 'ann' });
    const error = await ownFailureOf(set);
    expect(error.code).toBe('ERR_OWNER_UNSUPPORTED');
    expect(error.message).toContain('owner');
    expect(await ownFailureOf(store.deleteOwner('ann'))).toMatchObject({
      code: 'ERR_OWNER_UNSUPPORTED',
    });
  });
});
