import { beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { celerisDdl, columnsOf, indexesOf } from '../support/catalog.js';

describe('the table that the store makes', () => {
  const harness = Harness.use();
  const table = 'layout_sessions';

  beforeAll(async () => {
    const { close } = await harness.startStore({ tableName: table });
    await close();
  });

  it('has the columns of celeris postgresstore', async () => {
    const columns = await columnsOf(harness, table);
    expect(columns.get('id')).toMatchObject({ type: 'text', nullable: false });
    expect(columns.get('value')).toMatchObject({ type: 'bytea', nullable: false });
    expect(columns.get('expires_at')).toMatchObject({
      type: 'timestamp with time zone',
      nullable: true,
    });
  });

  it('has further columns only where a writer may ignore them', async () => {
    const columns = await columnsOf(harness, table);
    const further = [...columns.values()].filter(
      ({ name }) => !['id', 'value', 'expires_at'].includes(name),
    );
    expect(further.filter(({ nullable, generated }) => !nullable && !generated)).toEqual([]);
    expect(columns.get('owner')).toMatchObject({ type: 'text', nullable: true });
  });

  it('orders its keys by bytes, so that the primary key serves prefixes', async () => {
    const columns = await columnsOf(harness, table);
    expect(columns.get('id')?.collation).toBe('C');
    const primary = (await indexesOf(harness, table)).find((index) => index.primary);
    expect(primary?.columns).toEqual(['id']);
  });

  it('leaves room on its pages for new versions of a row', async () => {
    const [row] = await harness.sql<{ fillfactor: number }>(
      `SELECT option_value::int AS fillfactor
       FROM pg_class, pg_options_to_table(reloptions)
       WHERE pg_class.oid = $1::regclass AND option_name = 'fillfactor'`,
      [table],
    );
    expect(row.fillfactor).toBeLessThan(100);
  });

  it('indexes expiry under the name of celeris, without naming the exact expiry', async () => {
    const index = (await indexesOf(harness, table)).find(
      ({ name }) => name === `${table}_expires_at`,
    );
    expect(index?.columns).toEqual(['expires_bucket', 'id']);
    expect(index?.predicate).not.toBeNull();
    expect(index?.predicate).not.toMatch(/\bexpires_at\b/);
  });

  it('indexes the owner where there is one', async () => {
    const index = (await indexesOf(harness, table)).find(({ columns }) => columns[0] === 'owner');
    expect(index?.predicate).toMatch(/owner IS NOT NULL/);
  });

  it('is left as it is by the schema init of celeris', async () => {
    const before = await indexesOf(harness, table);
    await harness.sql(celerisDdl(table));
    expect(await indexesOf(harness, table)).toEqual(before);
  });

  it('takes the statements of celeris', async () => {
    const { store } = await harness.startStore({ tableName: table });
    await harness.sql(
      `INSERT INTO ${table} (id, value, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id)
       DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at`,
      ['from-go', Buffer.from('go'), new Date(Date.now() + 60_000)],
    );
    await store.set('from-nest', 'nest', { ttl: 60_000 });
    const rows = await harness.sql<{ id: string; value: Buffer }>(
      `SELECT id, value FROM ${table} WHERE (expires_at IS NULL OR expires_at > NOW()) ORDER BY id`,
    );
    expect(rows.map(({ id, value }) => [id, value.toString()])).toEqual([
      ['from-go', 'go'],
      ['from-nest', 'nest'],
    ]);
    expect(await store.get('from-go')).toEqual(Buffer.from('go'));
    await harness.sql(`DELETE FROM ${table} WHERE id LIKE $1 ESCAPE '\\'`, ['from-%']);
    expect(await store.get('from-nest')).toBeUndefined();
    await harness.sql(`TRUNCATE TABLE ${table}`);
  });
});
