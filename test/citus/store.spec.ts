import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { getSessionSchemaSql } from '../../lib/index.js';
import { describeKeyValueStore } from '../../lib/testing/index.js';
import { type RunningStore, startStore, type StoreOptions } from '../support/app.js';
import { failureOf } from '../support/failures.js';

const connection = process.env.CITUS_URL ?? '';
const describeOnCitus = connection === '' ? describe.skip : describe;
const REASON = connection === '' ? ' (CITUS_URL is not set)' : '';

const TIMEOUT = 120_000;

describeOnCitus(`On Citus${REASON}`, () => {
  const made: string[] = [];
  let sql: Client;

  beforeAll(async () => {
    sql = new Client({ connectionString: connection });
    await sql.connect();
  });
  afterAll(async () => {
    for (const table of made) await sql.query(`DROP TABLE IF EXISTS ${table}`);
    await sql.end();
  });

  function newTable(): string {
    const name = `s_${randomBytes(6).toString('hex')}`;
    made.push(name);
    return name;
  }

  /** One command a statement. */
  async function runAll(commands: string): Promise<void> {
    for (const command of commands.split(';\n').filter(Boolean)) await sql.query(command);
  }

  const start = (tableName: string, options: Omit<StoreOptions, 'pool' | 'connection'> = {}) =>
    startStore({ connection, tableName, ...options });

  const tables = [
    {
      table: 'a distributed table',
      ddl: (tableName: string) => getSessionSchemaSql({ tableName, citus: true }),
    },
    {
      table: 'a reference table',
      ddl: (tableName: string) =>
        `${getSessionSchemaSql({ tableName })}SELECT create_reference_table('${tableName}')`,
    },
  ];
  const settings = [
    { how: 'with batching', options: {} },
    { how: 'without batching', options: { batching: false } as const },
    { how: 'without prepared statements', options: { preparedStatements: false } },
  ];

  describe.each(tables.flatMap((each) => settings.map((setting) => ({ ...each, ...setting }))))(
    'a store on $table, $how',
    ({ table, how, ddl, options }) => {
      const tableName = newTable();
      const stores: RunningStore[] = [];

      beforeAll(async () => {
        await runAll(ddl(tableName));
        stores.push(await start(tableName, options), await start(tableName, options));
      }, TIMEOUT);
      afterAll(async () => {
        for (const { close } of stores) await close();
      });

      describeKeyValueStore(
        `${table}, ${how}`,
        async () => {
          await sql.query(`TRUNCATE ${tableName}`);
          return { store: stores[0].store, rival: stores[1].store };
        },
        { describe, it: (title, body) => it(title, body, TIMEOUT) },
      );

      it('is swept', async () => {
        await sql.query(`TRUNCATE ${tableName}`);
        await sql.query(
          `INSERT INTO ${tableName} (id, value, expires_at)
           VALUES ('old', '', now() - interval '1 hour'), ('new', '', NULL)`,
        );
        expect(await stores[0].cleanup.sweep()).toMatchObject({ deleted: 1, skipped: false });
      });
    },
  );

  it('refuses a table that is distributed by another column, with what to run', async () => {
    const tableName = newTable();
    await sql.query(
      `CREATE TABLE ${tableName} (id text, value bytea NOT NULL, expires_at timestamptz, owner text,
         PRIMARY KEY (id, owner))`,
    );
    await sql.query(`SELECT create_distributed_table('${tableName}', 'owner')`);
    expect(await failureOf(start(tableName))).toMatchObject({
      code: 'ERR_SCHEMA_INIT',
      message: expect.stringMatching(/distributed by "owner"[^]*create_distributed_table/),
    });
  });
});
