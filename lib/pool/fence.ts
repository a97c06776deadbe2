/**
 * The fence: what keeps a late write from undoing a later one.
 *
 * A write whose connection was given up may still run on the server, waiting for a lock for instance. Were a
 * later write on its key acknowledged first, the late one would undo it. So calls on the keys of a write that
 * was given up wait at the fence until one of these holds:
 *
 * - The server has confirmed that the backend is gone. The store terminates it by process id and start time,
 *   over another connection, and asks again until it is so.
 * - The statement's own `statement_timeout`, which was sent along with it, is over, and a margin. This is what
 *   counts where the store cannot terminate the backend: a pooler stands in between, the role may not call
 *   `pg_terminate_backend` or not see `pg_stat_activity`, or the server is out of reach.
 *
 * Not promised: a statement that the network itself holds back for longer than that, and delivers after all,
 * still takes effect. With `operationTimeout: false` statements have no timeout; the fence then opens after
 * the default of `operationTimeout`.
 *
 * The server's log shows each termination, as `terminating connection due to administrator command`.
 */
import { textArray } from '../sql/array-parameters.js';
import { bool, statement, text } from '../sql/statement.js';
import { isRefused } from '../sql/sql-state.js';
import { TIMINGS } from '../timings.js';
import { backoff } from '../utils/backoff.js';
import { messageOf } from '../utils/errors.js';
import { rest, watched } from '../utils/timers.js';
import type { SessionConnection } from './session-connection.js';
import type { Backend } from './server-facts.js';

export interface FenceOptions {
  /** Milliseconds after which a statement that was given up is over by itself. */
  readonly openAfter: number;
  readonly acquire: () => Promise<SessionConnection>;
  readonly warn: (message: string) => void;
}

/** The function is in the select list: as a condition it might be called for other backends too. */
const TERMINATE = statement(
  'terminate',
  `SELECT b.pid, pg_terminate_backend(s.pid, ${TIMINGS.TERMINATE})
   FROM unnest($1::text[], $2::text[]) AS b (pid, started_at)
   JOIN pg_stat_activity AS s
     ON s.pid = b.pid::int AND extract(epoch FROM s.backend_start)::text = b.started_at`,
  [text, bool],
);

interface Fenced {
  readonly backend: Backend | undefined;
  readonly open: () => void;
}

interface KnownFenced extends Fenced {
  readonly backend: Backend;
}

export class Fence {
  private readonly waiting = new Set<Fenced>();
  private isTerminating = false;
  private hasWarned = false;
  private closed = false;

  constructor(private readonly options: FenceOptions) {}

  /** Resolves once what ran on a connection can no longer take effect; never rejects. */
  wait(backend: Backend | undefined): Promise<void> {
    if (this.closed) {
      return Promise.resolve();
    }
    if (backend === undefined) {
      this.warnOnce('a pooler stands in between, or the role may not see it in pg_stat_activity');
    }
    return new Promise((resolve) => {
      const fenced: Fenced = {
        backend,
        open: () => {
          clearTimeout(timer);
          this.waiting.delete(fenced);
          resolve();
        },
      };
      // Whoever waits for a call keeps the process, not the fence.
      const timer = setTimeout(fenced.open, this.options.openAfter).unref();
      this.waiting.add(fenced);
      if (!this.isTerminating) {
        void this.terminateAll();
      }
    });
  }

  /** Nobody waits any more. */
  close(): void {
    this.closed = true;
    this.waiting.forEach(({ open }) => open());
  }

  /** One connection for all, however many backends there are. */
  private async terminateAll(): Promise<void> {
    this.isTerminating = true;
    for (let attempt = 1; this.known.length > 0; attempt += 1) {
      const fenced = this.known;
      try {
        const alive = await this.terminate(fenced.map(({ backend }) => backend));
        fenced
          .filter(({ backend }) => !alive.has(String(backend.pid)))
          .forEach(({ open }) => open());
      } catch (error) {
        // The server may be out of reach, or this connection be lost as well. Both pass.
        if (isRefused(error)) {
          this.warnOnce(`the role may not terminate it: ${messageOf(error)}`);
        }
      }
      if (this.known.length > 0) {
        await rest(backoff(attempt));
      }
    }
    this.isTerminating = false;
  }

  private get known(): KnownFenced[] {
    return [...this.waiting].filter(
      (fenced): fenced is KnownFenced => fenced.backend !== undefined,
    );
  }

  /** Resolves to the process ids of those that have not ended. */
  private async terminate(backends: readonly Backend[]): Promise<Set<unknown>> {
    const connection = await this.options.acquire();
    try {
      const { rows } = await watched(
        TIMINGS.TERMINATE_ANSWER + backends.length * TIMINGS.TERMINATE,
        () => connection.discard(),
        () =>
          connection.query(TERMINATE, [
            textArray(backends.map(({ pid }) => String(pid))),
            textArray(backends.map(({ startedAt }) => startedAt)),
          ]),
      );
      connection.release();
      return new Set(rows.filter(([, isGone]) => isGone !== true).map(([pid]) => pid));
    } catch (error) {
      connection.discard();
      throw error;
    }
  }

  private warnOnce(reason: string): void {
    if (!this.hasWarned) {
      this.hasWarned = true;
      this.options.warn(
        `The backend behind a lost connection cannot be ended (${reason}): writes on the keys concerned wait until the lost statement has timed out.`,
      );
    }
  }
}
