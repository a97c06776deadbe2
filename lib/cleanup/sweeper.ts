import { toSessionError } from '../pool/failure-policy.js';
import type { SessionConnection } from '../pool/session-connection.js';
import type { SessionPool } from '../pool/session-pool.js';
import { sweepLockKey } from '../sql/advisory-lock-key.js';
import { textArray } from '../sql/array-parameters.js';
import { bool, statement, type Statement } from '../sql/statement.js';
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

type Sweep = Omit<SweepReport, 'durationMs'>;

const LIMITS = { lock: TIMINGS.SWEEP_LOCK_WAIT, statement: TIMINGS.SWEEP_STATEMENT };
const TRY_LOCK = statement('sweep_lock', 'SELECT pg_try_advisory_lock($1::bigint)', [bool]);
const UNLOCK = statement('sweep_unlock', 'SELECT pg_advisory_unlock($1::bigint)', [bool]);
const TRY_PAGE_LOCK = statement('sweep_page_lock', 'SELECT pg_try_advisory_xact_lock($1::bigint)', [
  bool,
]);

/** Rows that had expired when they were read, and those of them that had not been renewed since. */
interface Page {
  readonly found: number;
  readonly deleted: number;
  /** The last row that was read; the next page begins behind it. */
  readonly last: readonly unknown[] | undefined;
}

/** Deletes expired entries in bounded pages, oldest first, one sweeper at a time over all processes. */
export class Sweeper {
  private readonly lockKey: string;

  constructor(
    private readonly pool: SessionPool,
    private readonly statements: Statements,
    layout: TableLayout,
    private readonly pageSize: number,
  ) {
    this.lockKey = String(sweepLockKey(layout.schema, layout.names.table));
  }

  /** Ends after the page in flight when `signal` aborts. */
  async sweep(signal: AbortSignal): Promise<Sweep> {
    const done: Sweep = { deleted: 0, batches: 0, skipped: false };
    let connection = await this.acquire();
    // A lock of the session lasts from page to page. Behind a pooler the next page may run in another
    // session, and if the pool has no second connection, this one is given back between pages: then each
    // page has the lock for itself.
    const keepsLock = connection.isDirect && this.pool.capacity > 1;
    try {
      if (keepsLock && !(await this.isTrue(connection, TRY_LOCK))) {
        connection.release();
        return { ...done, skipped: true };
      }
      let last: Page['last'];
      while (!signal.aborted) {
        const begun = performance.now();
        const page = await this.page(connection, last);
        if (page === undefined) {
          done.skipped = done.batches === 0;
          break;
        }
        done.deleted += page.deleted;
        done.batches += Number(page.found > 0);
        if (page.found < this.pageSize) {
          break;
        }
        last = page.last;
        if (!keepsLock) {
          connection.release();
        }
        await restAfterPage(performance.now() - begun, signal);
        if (!keepsLock) {
          connection = await this.acquire();
        }
      }
      if (keepsLock) {
        await this.isTrue(connection, UNLOCK);
      }
      connection.release();
      return done;
    } catch (error) {
      if (keepsLock) {
        // Thrown away, the connection gives the lock back too, but later.
        await this.isTrue(connection, UNLOCK).catch(ignore);
      }
      connection.discard();
      throw toSessionError(error);
    }
  }

  /** Deletes one page. Resolves to `undefined` if another sweeper has the lock. */
  private page(connection: SessionConnection, last: Page['last']): Promise<Page | undefined> {
    return this.answered(connection, () =>
      connection.boundedTransaction(LIMITS, async () => {
        const locked = await this.isTrue(connection, TRY_PAGE_LOCK);
        return locked ? this.deletePage(connection, last) : undefined;
      }),
    );
  }

  private async deletePage(connection: SessionConnection, last: Page['last']): Promise<Page> {
    const { expiredPage, nextExpiredPage, deleteExpired } = this.statements;
    const limit = String(this.pageSize);
    const { rows } =
      last === undefined
        ? await connection.query(expiredPage, [limit])
        : await connection.query(nextExpiredPage, [limit, String(last[1]), String(last[0])]);
    if (rows.length === 0) {
      return { found: 0, deleted: 0, last };
    }
    const ids = textArray(rows.map(([id]) => id as string));
    const { rowCount } = await connection.query(deleteExpired, [ids]);
    return { found: rows.length, deleted: rowCount, last: rows.at(-1) };
  }

  private async isTrue(connection: SessionConnection, query: Statement): Promise<boolean> {
    const { rows } = await this.answered(connection, () => {
      return connection.query(query, [this.lockKey]);
    });
    return rows[0][0] === true;
  }

  /** On a dead connection no answer ever comes, and no later sweep of this process would run. */
  private answered<T>(connection: SessionConnection, work: () => Promise<T>): Promise<T> {
    return watched(TIMINGS.SWEEP_ANSWER, () => connection.discard(), work);
  }

  private acquire(): Promise<SessionConnection> {
    return this.pool.acquireConnection().catch((error: unknown) => {
      throw toSessionError(error);
    });
  }
}

function ignore(): void {}
