import { beforeEach, describe, expect, it } from '@jest/globals';
import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import type { ClientBase, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Harness } from '../support/harness.js';
import type { PostgresSessionStore } from '../../lib/index.js';
import { collect } from '../conformance/helpers.js';

type Run = (text: string) => Promise<unknown>;
/** What the application does in its transaction: on the client, and by the query builder. */
type Work = (client: ClientBase, run: Run) => Promise<void>;

/** Runs work in a transaction, which is rolled back if it throws. */
const BUILDERS: Record<string, (harness: Harness, pool: Pool, work: Work) => Promise<void>> = {
  'a TypeORM QueryRunner': async (harness, _pool, work) => {
    const source = await new DataSource({ type: 'postgres', url: harness.url }).initialize();
    const runner = source.createQueryRunner();
    try {
      const client = (await runner.connect()) as ClientBase;
      await runner.startTransaction();
      await work(client, (text) => runner.query(text));
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    } finally {
      await runner.release();
      await source.destroy();
    }
  },
  'a Kysely transaction': async (_harness, pool, work) => {
    const client = await pool.connect();
    const one = { connect: () => Promise.resolve(client), end: () => Promise.resolve() };
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: one }) });
    await db.transaction().execute(async (trx) => {
      await work(client, (text) => trx.executeQuery(CompiledQuery.raw(text)));
    });
  },
  'a Drizzle transaction': async (_harness, pool, work) => {
    const client = await pool.connect();
    try {
      await drizzle({ client }).transaction(async (tx) => {
        await work(client, (text) => tx.execute(drizzleSql.raw(text)));
      });
    } finally {
      client.release();
    }
  },
};

describe.each(Object.keys(BUILDERS))('Sessions within %s', (builder) => {
  const harness = Harness.use();
  let store: PostgresSessionStore;
  let pool: Pool;
  let accounts: string;

  const inTransaction = (work: Work): Promise<void> =>
    BUILDERS[builder]?.(harness, pool, work) ?? Promise.reject(new Error('no such builder'));

  beforeEach(async () => {
    pool = harness.pool({ max: 2 });
    ({ store } = await harness.startStore({ tableName: harness.table() }));
    accounts = `${harness.schema}.${harness.table()}`;
    await harness.sql(`CREATE TABLE ${accounts} (name text, password text)`);
    await harness.sql(`INSERT INTO ${accounts} VALUES ('ada', 'old')`);
    await store.setMany([['here', '1'], ['there', '1']], { owner: 'ada' }); // prettier-ignore
  });

  const changePassword: Work = async (client, run) => {
    await run(`UPDATE ${accounts} SET password = 'new'`);
    await store.withClient(client).deleteOwner('ada', { except: ['here'] });
    await store.withClient(client).touch('here', 60_000);
  };
  const passwords = (): Promise<unknown> => harness.sql(`SELECT password FROM ${accounts}`);

  it('end in the same commit as the rest', async () => {
    await inTransaction(async (client, run) => {
      await changePassword(client, run);
      expect(await collect(store.scanOwner('ada'))).toEqual(['here', 'there']);
    });
    expect(await collect(store.scanOwner('ada'))).toEqual(['here']);
    expect(await passwords()).toEqual([{ password: 'new' }]);
  });

  it('are as they were after a roll-back', async () => {
    const fault = new Error('the mail could not be sent');
    const failed = inTransaction(async (client, run) => {
      await changePassword(client, run);
      throw fault;
    });
    await expect(failed).rejects.toBe(fault);
    expect(await collect(store.scanOwner('ada'))).toEqual(['here', 'there']);
    expect(await passwords()).toEqual([{ password: 'old' }]);
  });
});
