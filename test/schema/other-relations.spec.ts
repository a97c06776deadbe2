import { describe, expect, it } from '@jest/globals';
import { celerisDdl } from '../support/catalog.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('What is no table is refused at the start:', () => {
  const harness = Harness.use();

  const RELATIONS: Array<[what: string, create: (name: string) => string]> = [
    ['a view', (name) => `CREATE VIEW ${name} AS SELECT * FROM ${name}_base`],
    [
      'a materialized view',
      (name) => `CREATE MATERIALIZED VIEW ${name} AS SELECT * FROM ${name}_base`,
    ],
    [
      'a foreign table',
      (name) =>
        `CREATE FOREIGN DATA WRAPPER ${name}_wrapper;
         CREATE SERVER ${name}_server FOREIGN DATA WRAPPER ${name}_wrapper;
         CREATE FOREIGN TABLE ${name} (id text, value bytea, expires_at timestamptz) SERVER ${name}_server`,
    ],
    ['a sequence', (name) => `CREATE SEQUENCE ${name}`],
    ['an index', (name) => `CREATE INDEX ${name} ON ${name}_base (value)`],
  ];

  it.each(RELATIONS)('%s', async (what, create) => {
    const tableName = harness.table();
    await harness.sql(celerisDdl(`${tableName}_base`));
    await harness.sql(create(tableName));
    if (what === 'a foreign table') {
      harness.onEnd(() => harness.sql(`DROP FOREIGN DATA WRAPPER ${tableName}_wrapper CASCADE`));
    }
    for (const skipSchemaInit of [false, true]) {
      const error = await ownFailureOf(harness.startStore({ tableName, skipSchemaInit }));
      expect(error.code).toBe('ERR_SCHEMA_INIT');
      expect(error.message).toContain(`it is ${what}`);
    }
  });

  it('a partitioned table whose key cannot be its own', async () => {
    const tableName = harness.table();
    await harness.sql(
      `CREATE TABLE ${tableName} (id text NOT NULL, value bytea NOT NULL, expires_at timestamptz)
       PARTITION BY RANGE (expires_at)`,
    );
    const error = await ownFailureOf(harness.startStore({ tableName }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.message).toContain('no primary key or unique index');
  });
});

describe('A table that the store can work on is accepted:', () => {
  const harness = Harness.use();

  const TABLES: Array<[what: string, create: (table: string) => string]> = [
    ['one that celeris made', celerisDdl],
    [
      'one that is partitioned by its key',
      (t) => `
        CREATE TABLE ${t} (id text COLLATE "C" PRIMARY KEY, value bytea NOT NULL,
          expires_at timestamptz, owner text) PARTITION BY HASH (id);
        CREATE TABLE ${t}_0 PARTITION OF ${t} FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE ${t}_1 PARTITION OF ${t} FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
    ],
    [
      'one with further columns that fill themselves',
      (t) => `
        CREATE TABLE ${t} (serial bigint GENERATED ALWAYS AS IDENTITY, made timestamptz NOT NULL DEFAULT now(),
          id text UNIQUE, size int NOT NULL GENERATED ALWAYS AS (length(value)) STORED,
          value bytea, expires_at timestamptz, noted text)`,
    ],
    [
      'one with a trigger that keeps its rows',
      (t) => `${celerisDdl(t)};
        CREATE FUNCTION keep_${t}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON ${t} FOR EACH ROW EXECUTE FUNCTION keep_${t}()`,
    ],
  ];

  it.each(TABLES)('%s', async (_, create) => {
    const tableName = harness.table();
    await harness.sql(create(tableName));
    const { store } = await harness.startStore({ tableName });
    await store.set('key', 'value');
    await store.set('key', 'newer', { ttl: 60_000 });
    expect((await store.get('key'))?.toString()).toBe('newer');
    await store.deletePrefix('');
    expect(await store.get('key')).toBeUndefined();
  });
});
