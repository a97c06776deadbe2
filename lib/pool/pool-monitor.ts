import type { Pool, PoolClient } from 'pg';
import { TIMINGS } from '../timings.js';
import { messageOf } from '../utils/errors.js';

/** Where a store logs what happens to its pool. */
export interface PoolLog {
  debug(message: string): void;
  log(message: string): void;
  warn(message: string): void;
}

/** A store that uses the pool. */
export interface PoolUser {
  readonly log: PoolLog;
  /** The pool has let go of a client. */
  forget(client: PoolClient): void;
}

const monitors = new WeakMap<Pool, PoolMonitor>();

/** Listens to a pool, once for all stores that share it, and logs when its database goes away and is back. */
export class PoolMonitor {
  private readonly users = new Set<PoolUser>();
  /** When a connection failed, or none was to be had, for the first time since the last success. */
  private failedAt: number | undefined;
  private hasWarned = false;
  private warnedAt = -Infinity;

  private constructor(private readonly pool: Pool) {}

  static of(pool: Pool): PoolMonitor {
    const monitor = monitors.get(pool) ?? new PoolMonitor(pool);
    monitors.set(pool, monitor);
    return monitor;
  }

  /** From now on the error of an idle connection, which without a listener ends the process, is heard. */
  attach(user: PoolUser): void {
    if (this.users.size === 0) {
      this.pool.on('error', this.onIdleError);
      this.pool.on('remove', this.onRemove);
    }
    this.users.add(user);
  }

  detach(user: PoolUser): void {
    if (this.users.delete(user) && this.users.size === 0) {
      this.pool.off('error', this.onIdleError);
      this.pool.off('remove', this.onRemove);
    }
  }

  /** No connection was to be had. Warns once until there is one, and not more often than every few seconds. */
  unreachable(error: unknown): void {
    const now = performance.now();
    this.failedAt ??= now;
    if (!this.hasWarned && now - this.warnedAt >= TIMINGS.OUTAGE_WARNING_PAUSE) {
      this.hasWarned = true;
      this.warnedAt = now;
      this.log?.warn(`PostgreSQL cannot be reached: ${messageOf(error)}`);
    }
  }

  /** A connection was there. */
  reached(): void {
    if (this.failedAt === undefined) {
      return;
    }
    if (this.hasWarned) {
      const seconds = (performance.now() - this.failedAt) / 1000;
      this.log?.log(`PostgreSQL is back: it was out of reach for ${seconds.toFixed(1)} s.`);
    }
    this.failedAt = undefined;
    this.hasWarned = false;
  }

  /** One line for all stores that share the pool. */
  private get log(): PoolLog | undefined {
    const [first] = this.users;
    return first?.log;
  }

  /** The pool replaces the connection, so nobody but the log has to know. */
  private readonly onIdleError = (error: Error): void => {
    this.failedAt ??= performance.now();
    this.log?.debug(`An idle connection to PostgreSQL failed: ${messageOf(error)}`);
  };

  private readonly onRemove = (client: PoolClient): void => {
    this.users.forEach((user) => user.forget(client));
  };
}
