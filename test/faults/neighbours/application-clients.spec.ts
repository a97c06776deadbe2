import { describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { Harness } from '../../support/harness.js';
import { UNIQUE_VIOLATION } from '../../support/neighbours/all.js';
import { busyClients, failingQueries, openTransactions } from '../../support/neighbours/clients.js';
import { ignore, type Neighbour } from '../../support/neighbours/neighbour.js';
import { POOL_KINDS } from './load/settings.js';
import { startBeside, wrongAnswersBehind } from './support/beside.js';
import { itWithstands } from './support/withstand.js';

const neighbours: Array<[title: string, neighbour: Neighbour]> = [
  ['a query of its own that failed', failingQueries(UNIQUE_VIOLATION)],
  ['a query under way', busyClients],
  ['a transaction, open or failed', openTransactions],
];

describe('Clients that the application gives back after a query that failed', () => {
  const harness = Harness.use();
  itWithstands(harness, 'failed queries', () => ({ neighbour: 'failingQueries' }));
});

describe('Clients that the application gives back with a query under way', () => {
  const harness = Harness.use();
  itWithstands(harness, 'busy clients', () => ({ neighbour: 'busyClients' }));
});

describe('Clients that the application gives back inside a transaction', () => {
  const harness = Harness.use();
  itWithstands(harness, 'open transactions', () => ({ neighbour: 'openTransactions' }));
});

describe.each(POOL_KINDS)('A client that the application gives back (%s pool)', (kind) => {
  const harness = Harness.use();

  it.each(neighbours)('after %s leaves gets with their answers', async (_, neighbour) => {
    const beside = await startBeside(harness, kind, neighbour);
    const work = async (): Promise<void> => neighbour.work?.(beside.pool);
    expect(await wrongAnswersBehind(beside, 100, work)).toEqual([]);
  });

  it('with a slow query under way leaves gets with their answers', async () => {
    const beside = await startBeside(harness, kind);
    const work = (): Promise<void> => leave(beside.pool, ['SELECT pg_sleep(0.02)']);
    expect(await wrongAnswersBehind(beside, 20, work)).toEqual([]);
  });

  it('inside a transaction takes no write of ours into it', async () => {
    const { store, pool, tableName } = await startBeside(harness, kind);
    await leave(pool, ['BEGIN', 'SELECT 1']);
    // Once this is answered the client rests, in its transaction.
    await pool.query('SELECT 1');
    await store.set('written', 'in a transaction of its own');
    await store.setMany([['many', 'in another']]);
    await pool.query('ROLLBACK');
    const rows = await harness.sql<{ id: string }>(
      `SELECT id FROM ${tableName} WHERE id IN ('written', 'many') ORDER BY id`,
    );
    expect(rows.map(({ id }) => id)).toEqual(['many', 'written']);
  });

  it('with queries queued that open a transaction takes no write of ours into it', async () => {
    const { store, pool, tableName } = await startBeside(harness, kind);
    await leave(pool, ['SELECT pg_sleep(0.05)', 'BEGIN']);
    await store.set('written', 'in a transaction of its own');
    await pool.query('ROLLBACK');
    expect(await harness.sql(`SELECT FROM ${tableName} WHERE id = 'written'`)).toHaveLength(1);
  });

  it('inside a failed transaction makes no call of ours fail', async () => {
    const beside = await startBeside(harness, kind);
    const work = (): Promise<void> => leave(beside.pool, ['BEGIN', 'SELECT 1 / 0']);
    const set = async (): Promise<void> => {
      await work();
      await beside.store.set('key', 'value');
    };
    expect(await wrongAnswersBehind(beside, 20, work)).toEqual([]);
    expect(await wrongAnswersBehind(beside, 20, set)).toEqual([]);
  });

  /** Sends queries on a client and gives it back at once. */
  async function leave(pool: Pool, queries: string[]): Promise<void> {
    const client = await pool.connect();
    client.off('error', ignore).once('error', ignore);
    for (const query of queries) client.query(query).catch(ignore);
    client.release();
  }
});
