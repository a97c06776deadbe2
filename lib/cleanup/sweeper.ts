import { toSessionError } from '../pool/failure-policy.js';
import type { SessionConnection } from '../pool/session-connection.js';
import type { SessionPool } from '../pool/session-pool.js';
import { sweepLockKey } from '../sql/advisory-lock-key.js';
import { textArray } from '../sql/array-parameters.js';
import type { Statements } from '../sql/statements.js';
import type { TableLayout } from '../sql/table-layout.js';
import { TIMINGS } from '../timings.js';
import { restAfterPage, watched } from '../utils/timers.js';

/**
 * What a sweep did.
 *
 * @publicApi
 */
export interface SweepReport {
  /** Expired entries that it deleted. */
  deleted: number;
  /** Pages that it took. */
  batches: number;
  /** Whether it did nothing: another sweeper had the lock, or cleanup has ended. */
  skipped: boolean;
  durationMs: number;
}

/** What a sweep has done so far. */
export type Sweep = Omit<SweepReport, 'durationMs'>;

const LIMITS = { lock: TIMINGS.SWEEP_LOCK_WAIT, statement: TIMINGS.SWEEP_STATEMENT };

/** Rows that had expired when they were read, and those of them that had not been renewed since. */
interface Page {
  readonly found: number;
  readonly deleted: number;
  /** The last row that was read; the next page begins behind it. */
  readonly last: readonly unknown[] | undefined;
  /** Milliseconds. */
  readonly took: number;
}

const NOTHING: Page = { found: 0, deleted: 0, last: undefined, took: 0 };

/** Deletes expired entries in bounded pages, oldest first, one sweeper at a time over all processes. */
export class Sweeper {
  /** Takes the lock, of the transaction, if nobody has it. */
  private readonly opening: string;

  constructor(
    private readonly pool: SessionPool,
    private readonly statements: Statements,
    layout: TableLayout,
    private readonly pageSize: number,
  ) {
    const key = sweepLockKey(layout.schema, layout.names.table);
    this.opening = `SELECT pg_try_advisory_xact_lock(${key})::text AS opened`;
  }

  /**
   * Ends after the page in flight when `signal` aborts. Counts in `done`, so that a failure tells how far it came;
   * what the last page deleted may then have been rolled back.
   */
  async sweep(done: Sweep, signal: AbortSignal): Promise<void> {
    let connection = await this.acquire();
    // If the pool has no second connection, this one is given back between pages, and with it the lock.
    const keepsConnection = this.pool.capacity > 1;
    let last: Page | undefined;
    try {
      // A page finds nothing to do if the signal was given, and commits what the one before it did.
      for (;;) {
        const page = await this.page(connection, last, keepsConnection, signal);
        if (page === undefined) {
          done.skipped = done.batches === 0;
          break;
        }
        done.deleted += page.deleted;
        done.batches += Number(page.found > 0);
        if (page.found < this.pageSize) {
          break;
        }
        last = page;
        if (!keepsConnection) {
          connection.release();
          await restAfterPage(page.took, signal);
          connection = await this.acquire();
        }
      }
      connection.release();
    } catch (error) {
      connection.discard();
      throw toSessionError(error);
    }
  }

  /**
   * Deletes the page behind another one. Resolves to `undefined` if another sweeper has the lock. The rest before a
   * page is taken in its transaction, under the lock, so that no other sweeper begins meanwhile; and if this process
   * stands still, the server ends the transaction, and with it the lock.
   */
  private async page(
    connection: SessionConnection,
    last: Page | undefined,
    keepsConnection: boolean,
    signal: AbortSignal,
  ): Promise<Page | undefined> {
    let page: Page | undefined;
    const work = async (opened: string | undefined): Promise<boolean> => {
      if (opened !== 'true') {
        return false;
      }
      if (last !== undefined && keepsConnection) {
        await restAfterPage(last.took, signal);
      }
      page = signal.aborted ? NOTHING : await this.deletePage(connection, last?.last);
      return keepsConnection && page.found === this.pageSize && !signal.aborted;
    };
    await watched(
      TIMINGS.SWEEP_ANSWER,
      // On a dead connection no answer ever comes, and no later sweep of this process would run.
      () => connection.discard(),
      () => connection.chainedTransaction(LIMITS, this.opening, work),
    );
    return page;
  }

  private async deletePage(connection: SessionConnection, last: Page['last']): Promise<Page> {
    const begun = performance.now();
    const { expiredPage, nextExpiredPage, deleteExpired } = this.statements;
    const limit = String(this.pageSize);
    const { rows } =
      last === undefined
        ? await connection.query(expiredPage, [limit])
        : await connection.query(nextExpiredPage, [limit, String(last[1]), String(last[0])]);
    if (rows.length === 0) {
      return NOTHING;
    }
    const ids = textArray(rows.map(([id]) => id as string));
    const { rowCount } = await connection.query(deleteExpired, [ids]);
    const took = performance.now() - begun;
    return { found: rows.length, deleted: rowCount, last: rows.at(-1), took };
  }

  private acquire(): Promise<SessionConnection> {
    return this.pool.acquireConnection().catch((error: unknown) => {
      throw toSessionError(error);
    });
  }
}
