import type { Pool, PoolClient } from 'pg';
import type { LeaseSource } from '../batching/types.js';
import { destroySocket, isAtRest, whenReady } from '../protocol/driver-internals.js';
import { isConnectionLost, sqlState, SqlState } from '../sql/sql-state.js';
import { TIMINGS } from '../timings.js';
import { promised } from '../utils/promised.js';
import { watched, within } from '../utils/timers.js';
import { checkOut } from './check-out.js';
import { ConnectionLimit, type Acquired } from './connection-limit.js';
import { Fence } from './fence.js';
import { PoolMonitor, type PoolLog, type PoolUser } from './pool-monitor.js';
import type { Pooler } from './server-facts.js';
import { SessionConnection, type ConnectionOwner } from './session-connection.js';
import { planSettings } from './session-setup.js';

export interface SessionPoolOptions {
  /** Whether the pool is the module's own, to be ended with the store. */
  readonly owned: boolean;
  readonly preparedStatements: boolean;
  readonly pooler: Pooler | false | undefined;
  readonly readOnly: boolean;
  readonly operationTimeout: number | undefined;
  readonly log: PoolLog;
}

/**
 * The pool as the store uses it: each connection is set up once, and taken only when it is clean. Nothing of
 * ours outlives our statements on it, whoever owns the pool.
 */
export class SessionPool implements LeaseSource, ConnectionOwner, PoolUser {
  readonly capacity: number;
  readonly statementTimeout: number;
  planSettings = planSettings(false);
  private readonly connectTimeout: number;
  private readonly monitor: PoolMonitor;
  private readonly fenceOf: Fence;
  private readonly known = new Map<PoolClient, SessionConnection>();
  /** Clients that are checked out for us. */
  private readonly inUse = new Set<PoolClient>();
  private readonly limit = new ConnectionLimit<SessionConnection>((waiter) => this.acquire(waiter));
  /** Clients that were thrown away and have not ended. */
  private readonly ending = new Set<Promise<void>>();
  private hedging: NodeJS.Timeout | undefined;
  private generation = 0;
  private renewedAt = -Infinity;
  private readonly closing = new AbortController();

  constructor(
    readonly pool: Pool,
    private readonly options: SessionPoolOptions,
  ) {
    this.monitor = PoolMonitor.of(pool);
    // The other half of a pool that the application uses too stays free for it.
    // It may be a string, as values of the environment are: the driver takes those.
    const max: unknown = pool.options.max;
    this.capacity = options.owned ? Number(max) : Math.ceil(Number(max) / 2);
    this.connectTimeout = options.operationTimeout ?? TIMINGS.CONNECT;
    this.statementTimeout = options.operationTimeout ?? 0;
    this.fenceOf = new Fence({
      openAfter: this.connectTimeout + TIMINGS.FENCE_MARGIN,
      acquire: () => this.acquireConnection(),
      warn: (message) => options.log.warn(message),
    });
  }

  /** From now on the pool is listened to. */
  attach(): void {
    this.monitor.attach(this);
  }

  /** Once the clients that were thrown away have ended: until then their error may reach the pool. */
  async detach(): Promise<void> {
    await within(2 * TIMINGS.END_CONNECTION, Promise.all(this.ending));
    this.monitor.detach(this);
  }

  get log(): PoolLog {
    return this.options.log;
  }

  get preparedStatements(): boolean {
    return this.options.preparedStatements;
  }

  get isPooled(): boolean {
    return typeof this.options.pooler === 'string';
  }

  get readOnly(): boolean {
    return this.options.readOnly;
  }

  /** Calls back with a clean connection, or with why there is none. */
  acquire(done: Acquired<SessionConnection>): void {
    // The pool hands idle ones out a moment later, to those who asked before us first.
    const needsNew = this.pool.idleCount <= this.pool.waitingCount;
    const refusal = needsNew ? this.limit.claim() : undefined;
    if (refusal !== undefined) {
      this.waitForOther(refusal, done);
      return;
    }
    let settled = false;
    let attempts = 0;
    let stopHedging: (() => void) | undefined;
    const settle: Acquired<SessionConnection> = (error, connection) => {
      if (settled) {
        connection?.release();
        return;
      }
      settled = true;
      stopHedging?.();
      done(error, connection);
    };
    const attempt = (timeout: number): void => {
      attempts += 1;
      this.connect(timeout, (error, connection) => {
        attempts -= 1;
        if (connection !== undefined) {
          this.monitor.reached();
          settle(undefined, connection);
        } else if (attempts === 0 && !settled) {
          stopHedging?.();
          this.onFailure(error, settle);
        }
      });
    };
    if (needsNew) {
      // Given up before the next one is made.
      stopHedging = this.hedge(() => attempt(TIMINGS.HEDGE_CONNECT - TIMINGS.TICK));
    }
    attempt(this.connectTimeout);
  }

  acquireConnection(): Promise<SessionConnection> {
    return promised((done) => this.acquire(done));
  }

  giveBack(connection: SessionConnection): void {
    const { client } = connection;
    if (!isAtRest(client)) {
      whenReady(client, TIMINGS.CLIENT_REST, () => {
        if (isAtRest(client)) {
          this.giveBack(connection);
        } else {
          this.discard(connection);
        }
      });
      return;
    }
    connection.checkedIn();
    const waiter = connection.generation < this.generation ? undefined : this.limit.next();
    if (waiter === undefined) {
      this.releaseClient(client, false);
    } else {
      connection.checkedOut();
      waiter(undefined, connection);
    }
  }

  discard({ client }: SessionConnection): void {
    this.releaseClient(client, true);
  }

  /** Throws a client away that was checked out past us. */
  throwAway(client: PoolClient): void {
    this.awaitEnd(client);
    client.release(true);
  }

  fence({ backend }: SessionConnection): Promise<void> {
    return this.fenceOf.wait(backend);
  }

  /** The server was in trouble or changed its role: the connections made so far are not to be trusted. */
  renew(): void {
    const now = performance.now();
    if (now - this.renewedAt > TIMINGS.RENEWAL_PAUSE) {
      this.renewedAt = now;
      this.generation += 1;
    }
  }

  /** Ends a pool of our own; leaves any other as it was found. */
  async close(): Promise<void> {
    this.closing.abort(new Error('the store was closed meanwhile'));
    this.fenceOf.close();
    const clients = [...this.known.keys()];
    // What is still checked out was cut off, and its pool would wait for it.
    for (const client of this.inUse) {
      this.releaseClient(client, true);
    }
    if (!this.options.owned) {
      await this.detach();
      this.known.clear();
      return;
    }
    if (!this.pool.ending) {
      const ends = clients.map((client) => new Promise((resolve) => client.once('end', resolve)));
      await within(TIMINGS.END_CONNECTION, Promise.all([this.pool.end(), ...ends]));
      clients.forEach(destroySocket);
    }
  }

  /** While an attempt is not answered, makes another one every now and then: the first may be lost. */
  private hedge(attempt: () => void): (() => void) | undefined {
    if (this.hedging !== undefined) {
      return undefined;
    }
    const timer = setInterval(() => {
      if (this.pool.totalCount < this.pool.options.max) {
        attempt();
      }
    }, TIMINGS.HEDGE_CONNECT).unref();
    this.hedging = timer;
    return () => {
      clearInterval(timer);
      if (this.hedging === timer) {
        this.hedging = undefined;
      }
    };
  }

  private onFailure(error: unknown, done: Acquired<SessionConnection>): void {
    if (sqlState(error) === SqlState.TOO_MANY_CONNECTIONS) {
      this.limit.refused(error);
      this.waitForOther(error, done);
      return;
    }
    // If all connections of the pool are there, they are busy.
    const isBusy = this.pool.totalCount >= this.pool.options.max;
    const isOver = this.pool.ending || this.closing.signal.aborted;
    if (isConnectionLost(error) && !isBusy && !isOver) {
      this.monitor.unreachable(error);
    }
    done(error);
  }

  /** The server takes no more connections, but there may be some of ours. */
  private waitForOther(refusal: unknown, done: Acquired<SessionConnection>): void {
    if (this.inUse.size > 0) {
      this.limit.wait(done);
    } else {
      done(refusal);
    }
  }

  /** One attempt, given up after so many milliseconds. */
  private connect(timeout: number, done: Acquired<SessionConnection>): void {
    checkOut(this.pool, { timeout, signal: this.closing.signal }, (error, client) => {
      if (client === undefined) {
        done(error);
      } else if (this.closing.signal.aborted) {
        client.release();
        done(this.closing.signal.reason);
      } else {
        // A client that is checked out has no listener of its pool's, and an `error` without one ends the process.
        client.on('error', ignore);
        this.inUse.add(client);
        this.takeOver(client, done);
      }
    });
  }

  /** Takes a client that the pool handed out, if it is clean. */
  private takeOver(client: PoolClient, done: Acquired<SessionConnection>): void {
    const connection = this.known.get(client) ?? this.meet(client);
    const replace = (): void => {
      this.releaseClient(client, true);
      this.connect(this.connectTimeout, done);
    };
    if (connection.generation < this.generation) {
      replace();
    } else if (!isAtRest(client)) {
      // Somebody left a query in flight on it, or queued one as it was handed out.
      whenReady(client, TIMINGS.CLIENT_REST, () =>
        isAtRest(client) ? this.takeOver(client, done) : replace(),
      );
    } else if (connection.isSetUp) {
      connection.checkedOut();
      done(undefined, connection);
    } else {
      void this.setUp(connection, done);
    }
  }

  private meet(client: PoolClient): SessionConnection {
    const connection = new SessionConnection(client, this, this.generation);
    this.known.set(client, connection);
    this.limit.granted();
    return connection;
  }

  private async setUp(
    connection: SessionConnection,
    done: Acquired<SessionConnection>,
  ): Promise<void> {
    const discard = (): void => this.discard(connection);
    try {
      await watched(this.connectTimeout, discard, () => connection.setUp());
    } catch (error) {
      discard();
      done(error);
      return;
    }
    connection.checkedOut();
    done(undefined, connection);
  }

  private releaseClient(client: PoolClient, broken: boolean): void {
    if (!this.inUse.delete(client)) {
      return;
    }
    if (broken) {
      this.awaitEnd(client);
    } else {
      client.off('error', ignore);
    }
    client.release(broken);
    if (this.inUse.size === 0) {
      // None will be given back for them.
      this.limit.giveUp(new Error('The connection was lost.'));
    }
  }

  /** One that does not end in time has its socket destroyed. */
  private awaitEnd(client: PoolClient): void {
    const ended = new Promise<void>((resolve) => {
      client.once('end', () => resolve());
      setTimeout(() => {
        destroySocket(client);
        resolve();
      }, TIMINGS.END_CONNECTION).unref();
    });
    this.ending.add(ended);
    void ended.then(() => this.ending.delete(ended));
  }

  forget(client: PoolClient): void {
    this.known.delete(client);
  }
}

/** The pool replaces a connection that failed, and the call that used it is told by its own callback. */
function ignore(): void {}
