import type { Connection } from './connection/connection.js';
import type { Connections } from './connection/connections.js';
import { toSessionError } from './connection/failure-policy.js';
import { textArray } from './sql/array-parameters.js';
import { sweepLockKey } from './sql/advisory-lock-key.js';
import { boolean, statement } from './sql/statement.js';
import type { Statements } from './sql/statements.js';
import type { TableLayout } from './sql/table-layout.js';

/** What a sweep did. */
export interface SweepReport {
  /** Expired entries that it deleted. */
  deleted: number;
  /** Statements that it took. */
  batches: number;
  /** Whether it did nothing because another sweeper had the lock. */
  skipped: boolean;
  durationMs: number;
}

/**
 * A batch waits for a writer's row lock no longer than this, in milliseconds: less than it takes the
 * server to look for a deadlock, so that the sweep is what gives way.
 */
const LOCK_TIMEOUT_MS = 500;
const STATEMENT_TIMEOUT_MS = 5_000;

/** A connection on which a batch takes longer, in milliseconds, is dead: the server ends it before. */
const ANSWER_WITHIN_MS = 2 * STATEMENT_TIMEOUT_MS + LOCK_TIMEOUT_MS;

/**
 * Between batches the sweep rests so many times as long as the last one took, for a batch keeps one of the
 * server's processors busy; at most so long, in milliseconds.
 */
const REST_FACTOR = 7;
const LONGEST_REST_MS = 150;

const BEGIN = `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`;
const TRY_LOCK = statement('SELECT pg_try_advisory_lock($1::bigint)', [boolean]);
const UNLOCK = statement('SELECT pg_advisory_unlock($1::bigint)', [boolean]);
const TRY_BATCH_LOCK = statement('SELECT pg_try_advisory_xact_lock($1::bigint)', [boolean]);

/** Deletes expired entries in bounded batches, oldest first, one sweeper at a time over all processes. */
export class Sweeper {
  private readonly key: string;

  constructor(
    private readonly connections: Connections,
    private readonly statements: Statements,
    layout: TableLayout,
    private readonly batchSize: number,
  ) {
    this.key = String(sweepLockKey(layout.schema, layout.names.table));
  }

  /** Ends after the batch under way when `signal` aborts. */
  async sweep(signal: AbortSignal): Promise<Omit<SweepReport, 'durationMs'>> {
    const connection = await this.connections.acquireConnection().catch(fail);
    let broken = true;
    try {
      const report = await this.sweepOn(connection, signal);
      broken = false;
      return report;
    } catch (error) {
      await this.giveLockBack(connection).catch(ignore);
      return fail(error);
    } finally {
      connection.release(broken);
    }
  }

  private async sweepOn(
    connection: Connection,
    signal: AbortSignal,
  ): Promise<Omit<SweepReport, 'durationMs'>> {
    // Behind a pooler the next statement may reach another session, where a lock held by this one would
    // never be given back. There each batch has the lock for itself.
    if (connection.backend === undefined) {
      return this.batches(connection, signal);
    }
    if (!(await answered(connection, () => isTrue(connection, TRY_LOCK, this.key)))) {
      return SKIPPED;
    }
    const report = await this.batches(connection, signal);
    await answered(connection, () => connection.query(UNLOCK, [this.key]));
    return report;
  }

  /** After a failure the connection is thrown away, which gives the lock back too, but later. */
  private async giveLockBack(connection: Connection): Promise<void> {
    await answered(connection, async () => {
      await connection.command('ROLLBACK');
      await connection.query(UNLOCK, [this.key]);
    });
  }

  private async batches(
    connection: Connection,
    signal: AbortSignal,
  ): Promise<Omit<SweepReport, 'durationMs'>> {
    const report = { deleted: 0, batches: 0, skipped: false };
    while (!signal.aborted) {
      const begun = performance.now();
      const batch = await answered(connection, () => this.batch(connection));
      if (batch === undefined) {
        return report.batches === 0 ? SKIPPED : report;
      }
      report.deleted += batch.deleted;
      report.batches += Number(batch.found > 0);
      if (batch.found < this.batchSize) {
        break;
      }
      await rest(Math.min(REST_FACTOR * (performance.now() - begun), LONGEST_REST_MS), signal);
    }
    return report;
  }

  /** Deletes one batch. Resolves to `undefined` where another sweeper has the lock. */
  private async batch(connection: Connection): Promise<Batch | undefined> {
    await connection.command(BEGIN);
    const locked = await isTrue(connection, TRY_BATCH_LOCK, this.key);
    const batch = locked ? await this.deletePage(connection) : undefined;
    await connection.command('COMMIT');
    return batch;
  }

  private async deletePage(connection: Connection): Promise<Batch> {
    const { expiredPage, deleteExpired } = this.statements;
    const { rows } = await connection.query(expiredPage, [String(this.batchSize)]);
    if (rows.length === 0) {
      return { found: 0, deleted: 0 };
    }
    const ids = textArray(rows.map((row) => row[0] as string));
    const { rowCount } = await connection.query(deleteExpired, [ids]);
    return { found: rows.length, deleted: rowCount };
  }
}

/** Rows that had expired when they were read, and those of them that had not been renewed since. */
interface Batch {
  readonly found: number;
  readonly deleted: number;
}

const SKIPPED = { deleted: 0, batches: 0, skipped: true } as const;

/** On a dead connection no answer ever comes, and no later sweep of this process would run. */
async function answered<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => connection.release(true), ANSWER_WITHIN_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

async function isTrue(
  connection: Connection,
  query: Parameters<Connection['query']>[0],
  key: string,
): Promise<boolean> {
  const { rows } = await connection.query(query, [key]);
  return rows[0][0] === true;
}

/** The connection goes with the error, and with it the lock and the open transaction. */
function fail(error: unknown): never {
  throw toSessionError(error);
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

function ignore(): void {}
