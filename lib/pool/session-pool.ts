import type { Pool, PoolClient } from 'pg';
import type { LeaseSource } from '../batching/types.js';
import { destroySocket, isAtRest, whenReady } from '../protocol/driver-internals.js';
import { sqlState, SqlState } from '../sql/sql-state.js';
import { TIMINGS } from '../timings.js';
import { promised } from '../utils/promised.js';
import { watched, within } from '../utils/timers.js';
import { checkOut } from './check-out.js';
import { Fence } from './fence.js';
import { SessionConnection, type ConnectionOwner } from './session-connection.js';

export interface SessionPoolOptions {
  /** Whether the pool is the module's own, to be ended with the store. */
  readonly owned: boolean;
  readonly preparedStatements: boolean;
  readonly operationTimeout: number | undefined;
  readonly warn: (message: string) => void;
}

type Acquired = (error: unknown, connection?: SessionConnection) => void;

/**
 * The pool as the store uses it: each connection is set up once, and taken only when it is clean. Nothing of
 * ours outlives our statements on it, whoever owns the pool.
 */
export class SessionPool implements LeaseSource, ConnectionOwner {
  readonly capacity: number;
  readonly statementTimeout: number;
  private readonly connectTimeout: number;
  private readonly fenceOf: Fence;
  private readonly known = new Map<PoolClient, SessionConnection>();
  /** Clients that are checked out for us. */
  private readonly inUse = new Set<PoolClient>();
  /** Who waits for a connection of ours, because the server refuses more of them. */
  private readonly waiters: Acquired[] = [];
  /** Clients that were thrown away and have not ended: until then their error may still reach the pool. */
  private readonly ending = new Set<Promise<void>>();
  private isHedging = false;
  private generation = 0;
  private renewedAt = -Infinity;
  private closed = false;

  constructor(
    readonly pool: Pool,
    private readonly options: SessionPoolOptions,
  ) {
    // The other half of a pool that the application uses too stays free for it.
    const { max } = pool.options;
    this.capacity = options.owned ? max : Math.ceil(max / 2);
    this.connectTimeout = options.operationTimeout ?? TIMINGS.CONNECT;
    this.statementTimeout = options.operationTimeout ?? 0;
    this.fenceOf = new Fence({
      openAfter: this.connectTimeout + TIMINGS.FENCE_MARGIN,
      acquire: () => this.acquireConnection(),
      warn: options.warn,
    });
  }

  /** Listens to the pool: the error of an idle connection without a listener ends the process. */
  attach(): void {
    this.detach();
    this.pool.on('error', this.ignore);
    this.pool.on('remove', this.forget);
  }

  detach(): void {
    this.pool.off('error', this.ignore);
    this.pool.off('remove', this.forget);
  }

  get preparedStatements(): boolean {
    return this.options.preparedStatements;
  }

  /** Calls back with a clean connection, or with why there is none. */
  acquire(done: Acquired): void {
    let settled = false;
    let attempts = 0;
    let stopHedging: (() => void) | undefined;
    const settle: Acquired = (error, connection) => {
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
          settle(undefined, connection);
        } else if (this.mayWaitForOther(error)) {
          this.waiters.push(settle);
        } else if (attempts === 0) {
          settle(error);
        }
      });
    };
    if (this.pool.idleCount === 0) {
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
    const waiter = connection.generation < this.generation ? undefined : this.waiters.shift();
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
    this.closed = true;
    this.fenceOf.close();
    const clients = [...this.known.keys()];
    // What is still checked out was cut off, and its pool would wait for it.
    for (const client of this.inUse) {
      this.releaseClient(client, true);
    }
    if (!this.options.owned) {
      await within(2 * TIMINGS.END_CONNECTION, Promise.all(this.ending));
      this.detach();
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
    if (this.isHedging) {
      return undefined;
    }
    this.isHedging = true;
    const timer = setInterval(() => {
      if (this.pool.totalCount < this.pool.options.max) {
        attempt();
      }
    }, TIMINGS.HEDGE_CONNECT).unref();
    return () => {
      this.isHedging = false;
      clearInterval(timer);
    };
  }

  /** The server has no place for one more connection, but there are some of ours. */
  private mayWaitForOther(error: unknown): boolean {
    return sqlState(error) === SqlState.TOO_MANY_CONNECTIONS && this.inUse.size > 0;
  }

  /** One attempt, given up after so many milliseconds. */
  private connect(timeout: number, done: Acquired): void {
    checkOut(this.pool, timeout, (error, client) => {
      if (client === undefined) {
        done(error);
      } else if (this.closed) {
        client.release();
        done(new Error('the store was closed meanwhile'));
      } else {
        // A client that is checked out has no listener of its pool's, and an `error` without one ends the process.
        client.on('error', this.ignore);
        this.inUse.add(client);
        this.takeOver(client, done);
      }
    });
  }

  /** Takes a client that the pool handed out, if it is clean. */
  private takeOver(client: PoolClient, done: Acquired): void {
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
    return connection;
  }

  private async setUp(connection: SessionConnection, done: Acquired): Promise<void> {
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
      client.off('error', this.ignore);
    }
    client.release(broken);
    if (this.inUse.size === 0) {
      // None will be given back for them.
      this.waiters.splice(0).forEach((waiter) => waiter(new Error('The connection was lost.')));
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

  private readonly forget = (client: PoolClient): void => {
    this.known.delete(client);
  };

  /**
   * The pool replaces a connection that failed, and the call that used it is told by its own callback. A
   * function of each store's own, so that stores that share a pool do not take each other's listeners away.
   */
  private readonly ignore = (): void => undefined;
}
