import type { Pool, PoolClient } from 'pg';
import { ignore, listenToClients, type Neighbour } from './neighbour.js';

const FAILING = 'SELECT 1 / 0';

/**
 * Does nothing wrong: it takes a client, awaits a query that fails, and gives the client back. The
 * driver tells of the failure before the server has said that it is ready for the next query.
 */
export function failingQueries(text: string): Neighbour {
  return {
    attach: listenToClients,
    work: (pool) => withClient(pool, (client) => client.query(text)),
  };
}

/** Gives clients back with a query under way that nobody awaits. */
export const busyClients: Neighbour = {
  attach: listenToClients,
  work: (pool) =>
    withClient(pool, async (client) => {
      await client.query('BEGIN');
      try {
        await client.query(FAILING);
      } finally {
        client.query('ROLLBACK').catch(ignore);
      }
    }),
};

/** Gives clients back inside a transaction, open or failed, and ends what it left when it meets it again. */
export const openTransactions: Neighbour = {
  attach: listenToClients,
  work: (pool) =>
    withClient(pool, async (client) => {
      if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
      await client.query('BEGIN');
      await client.query(Math.random() < 0.5 ? FAILING : 'SELECT 1');
    }),
};

/** Gives the client back in any case. */
async function withClient(
  pool: Pool,
  body: (client: PoolClient) => Promise<unknown>,
): Promise<void> {
  const client = await pool.connect().catch(ignore);
  if (!client) return;
  try {
    await body(client);
  } catch {
    // What a neighbour is there for.
  } finally {
    client.release();
  }
}
