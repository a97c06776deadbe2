import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { getSessionPoolToken, type PostgresSessionStore } from '../../lib/index.js';
import { describeKeyValueStore } from '../../lib/testing/index.js';
import { Harness } from '../support/harness.js';

/** The first call is sent at once, so an abort right behind it comes too late to take it back. */
const LEFT_OUT = 'tells the call that still waits, where the one before it on the key was aborted';

function itUnlessLeftOut(title: string, body: () => Promise<void>): void {
  if (title !== LEFT_OUT) it(title, body);
}

/** The whole contract, each test within a transaction of its own that is rolled back. */
describe.each(['own', 'lent'])('A client of a pool that is %s', (kind) => {
  const harness = Harness.use();
  let store: PostgresSessionStore;
  let pool: Pool;
  let tableName: string;

  beforeAll(async () => {
    tableName = harness.table();
    const lent = harness.pool({ max: 4 });
    const running = await harness.startStore(
      kind === 'lent' ? { pool: lent, tableName } : { tableName },
    );
    store = running.store;
    pool = running.app.get<Pool>(getSessionPoolToken(), { strict: false });
  });

  describeKeyValueStore(
    `withClient, ${kind} pool`,
    async () => {
      const client = await pool.connect();
      await client.query('BEGIN');
      return {
        store: store.withClient(client),
        // Time stands still within a transaction.
        advance: async (ms) => {
          await client.query(
            `UPDATE ${harness.schema}.${tableName} SET expires_at = expires_at - $1 * interval '1 millisecond'`,
            [ms],
          );
        },
        close: async () => {
          await client.query('ROLLBACK');
          client.release();
        },
      };
    },
    { describe, it: itUnlessLeftOut },
  );

  it('leaves nothing of all that behind', async () => {
    await expect(store.count({ prefix: '' })).resolves.toBe(0);
  });
});
