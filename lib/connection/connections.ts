import type { Pool, PoolClient } from 'pg';
import { backoff } from '../batching/backoff.js';
import type { ResourceSource } from '../batching/call-kind.js';
import { asError } from '../thrown.js';
import { within } from '../within.js';
import { Connection, type Backend, type ConnectionOwner } from './connection.js';
import { openSession, terminate } from './session-settings.js';

/** While no connection comes, another try is made this often, in milliseconds: the first may be lost. */
const HEDGE_AFTER_MS = 500;

/** How long a new connection may take to get ready where calls have no time bound, in milliseconds. */
const READY_WITHIN_MS = 5_000;

/** How long the server may take to answer that a process has ended, in milliseconds. */
const STOP_WITHIN_MS = 1_000;

/** How long the end of a connection may take before its socket is destroyed, in milliseconds. */
const END_WITHIN_MS = 500;

export interface ConnectionsOptions {
  /** Whether the pool is the module's own. */
  owned: boolean;
  preparedStatements: boolean;
  operationTimeout: number | undefined;
}

/** The pool as the store uses it: never more than its share, every connection made ready once. */
export class Connections implements ResourceSource<Connection>, ConnectionOwner {
  readonly capacity: number;
  private readonly known = new Map<PoolClient, Connection>();
  /** Connections that are being made ready. */
  private readonly opening = new Set<Connection>();
  private epoch = 0;
  private closed = false;

  constructor(
    readonly pool: Pool,
    private readonly options: ConnectionsOptions,
  ) {
    // Of a pool that the application uses too, the other half stays free for it.
    const { max } = pool.options;
    this.capacity = options.owned ? max : Math.ceil(max / 2);
    pool.on('error', ignore);
    pool.on('remove', this.forget);
  }

  get preparedStatements(): boolean {
    return this.options.preparedStatements;
  }

  /** Checks a connection out, and makes it ready where it is new. */
  acquire(done: (error: unknown, connection?: Connection) => void): void {
    let settled = false;
    let trying = 0;
    let hedge: NodeJS.Timeout | undefined;
    const settle = (error: unknown, connection?: Connection): void => {
      settled = true;
      clearInterval(hedge);
      done(error, connection);
    };
    const attempt = (): void => {
      trying += 1;
      this.checkOut((error, connection) => {
        trying -= 1;
        if (settled) {
          connection?.release(false);
        } else if (connection !== undefined || trying === 0) {
          settle(error, connection);
        }
      });
    };
    if (this.pool.idleCount === 0) {
      hedge = setInterval(() => {
        if (this.pool.totalCount < this.pool.options.max) {
          attempt();
        }
      }, HEDGE_AFTER_MS).unref();
    }
    attempt();
  }

  acquireConnection(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.acquire((error, connection) => {
        if (connection === undefined) {
          reject(asError(error));
        } else {
          resolve(connection);
        }
      });
    });
  }

  release(connection: Connection, broken: boolean): void {
    const { giveBack } = connection;
    connection.giveBack = undefined;
    giveBack?.(broken);
  }

  /** The server was in trouble or changed its role: the connections made so far are not to be trusted. */
  renew(): void {
    this.epoch += 1;
  }

  /**
   * Ends the server's process behind an abandoned connection, and tries until the server has confirmed it:
   * after a broken network what was sent may still be waiting there for a lock. Behind a pooler there is
   * no way to tell.
   */
  async stop({ backend }: Connection): Promise<void> {
    for (let attempt = 1; backend !== undefined && !this.closed; attempt += 1) {
      // The server may be out of reach, or this connection die as well; both pass.
      if (await this.isTerminated(backend).catch(() => false)) {
        return;
      }
      await delay(backoff(attempt));
    }
  }

  /** Ends an owned pool; leaves a borrowed one as it was found. */
  async close(): Promise<void> {
    this.closed = true;
    const clients = [...this.known.keys()];
    // What is still checked out was cut off, and its pool would wait for it.
    for (const connection of [...this.known.values(), ...this.opening]) {
      connection.release(true);
    }
    if (!this.options.owned) {
      this.pool.off('error', ignore);
      this.pool.off('remove', this.forget);
      this.known.clear();
      clients.forEach((client) => client.off('error', ignore));
      return;
    }
    if (!this.pool.ending) {
      const ends = clients.map((client) => new Promise((resolve) => client.once('end', resolve)));
      await within(END_WITHIN_MS, Promise.all([this.pool.end(), ...ends]));
      clients.forEach(destroySocket);
    }
  }

  private async isTerminated(backend: Backend): Promise<boolean> {
    const connection = await this.acquireConnection();
    const timer = setTimeout(() => connection.release(true), STOP_WITHIN_MS);
    let broken = true;
    try {
      const isGone = await terminate(connection, backend);
      broken = false;
      return isGone;
    } finally {
      clearTimeout(timer);
      connection.release(broken);
    }
  }

  private checkOut(done: (error: unknown, connection?: Connection) => void): void {
    this.pool.connect((error, client, release) => {
      if (client === undefined) {
        done(error);
        return;
      }
      if (this.closed) {
        release();
        done(new Error('The store was closed meanwhile.'));
        return;
      }
      const connection = this.known.get(client);
      if (connection === undefined) {
        this.makeReady(client, release).then((ready) => done(undefined, ready), done);
      } else if (connection.epoch < this.epoch) {
        release(true);
        this.checkOut(done);
      } else {
        connection.checkOut(release);
        done(undefined, connection);
      }
    });
  }

  private async makeReady(
    client: PoolClient,
    release: (error?: boolean) => void,
  ): Promise<Connection> {
    // A client that is checked out has no listener of the pool's, and an `error` without one ends the process.
    client.on('error', ignore);
    const connection = new Connection(client, this, this.epoch);
    connection.checkOut(release);
    this.opening.add(connection);
    const { owned, preparedStatements, operationTimeout } = this.options;
    const timer = setTimeout(() => connection.release(true), operationTimeout ?? READY_WITHIN_MS);
    try {
      const { settingsHold } = await openSession(connection, owned, operationTimeout);
      if (preparedStatements && !settingsHold) {
        connection.warmed = new Set();
      }
    } catch (error) {
      client.off('error', ignore);
      connection.release(true);
      throw error;
    } finally {
      clearTimeout(timer);
      this.opening.delete(connection);
    }
    this.known.set(client, connection);
    return connection;
  }

  private readonly forget = (client: PoolClient): void => {
    if (this.known.delete(client)) {
      // A connection that is on its way out may still fail, so its listener goes with the connection.
      client.once('end', () => client.off('error', ignore));
    }
  };
}

/** The pool replaces a connection that failed, and the call that used it is told by its own callback. */
function ignore(): void {}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

function destroySocket(client: PoolClient): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } };
  connection?.stream?.destroy();
}
