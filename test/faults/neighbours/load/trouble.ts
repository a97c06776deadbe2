import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

/** Longer than the hasty callers wait, and than the query timeout of those pools that have one. */
const LOCK_MS = 300;

/** Ends backends of an application and locks its table, at random, for as long as it goes on. */
export class Trouble {
  terminated = 0;

  constructor(
    private readonly admin: Client,
    private readonly applicationName: string,
    private readonly tableName: string,
  ) {}

  async make(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      await sleep(20 + Math.random() * 100);
      if (Math.random() < 0.1) await this.lockTable();
      else await this.terminateOne();
    }
  }

  private async terminateOne(): Promise<void> {
    const { rowCount } = await this.admin.query(
      `SELECT pg_terminate_backend(pid) FROM (
         SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY random() LIMIT 1) AS one`,
      [this.applicationName],
    );
    this.terminated += rowCount ?? 0;
  }

  private async lockTable(): Promise<void> {
    await this.admin.query('BEGIN');
    try {
      await this.admin.query(`SET LOCAL lock_timeout = ${LOCK_MS};
        LOCK TABLE ${this.tableName} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${LOCK_MS / 1_000})`);
    } catch {
      // The table was busy: another time.
    }
    await this.admin.query('ROLLBACK');
  }
}
