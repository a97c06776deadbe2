import type { Pool, PoolClient } from 'pg';
import { waitFor } from '../support/conditions.js';
import type { HeldRow } from './subject.js';

/** Rows of a table that transactions of the test hold, so that other writers of them wait. */
export class HeldRows {
  readonly #open = new Set<PoolClient>();

  constructor(
    private readonly sql: Pool,
    private readonly table: string,
  ) {}

  async hold(id: string, value: string): Promise<HeldRow> {
    const client = await this.sql.connect();
    this.#open.add(client);
    await client.query('BEGIN');
    await client.query(`UPDATE ${this.table} SET value = $2 WHERE id = $1`, [
      id,
      Buffer.from(value),
    ]);
    const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::xid AS xid');
    return {
      waitedFor: async () => {
        await waitFor(() => this.#isWaitedFor(rows[0].xid), { what: 'a writer that waits' });
      },
      release: () => this.#end(client, 'COMMIT'),
    };
  }

  /** Gives up what a test that failed left behind. */
  async releaseAll(): Promise<void> {
    for (const client of [...this.#open]) await this.#end(client, 'ROLLBACK');
  }

  async #isWaitedFor(xid: string): Promise<boolean> {
    const { rowCount } = await this.sql.query(
      `SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted AND transactionid = $1`,
      [xid],
    );
    return rowCount !== 0;
  }

  async #end(client: PoolClient, command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (!this.#open.delete(client)) return;
    await client.query(command);
    client.release();
  }
}
