import type { Pool } from 'pg';

/** What else an application does with the pool that a store uses. */
export interface Neighbour {
  /** Runs before the store takes a client of the pool. */
  attach?: (pool: Pool) => void | Promise<void>;
  /** A piece of the application's own work, done over and over. Its queries may fail, it may not. */
  work?: (pool: Pool) => Promise<void>;
}

/** For what fails on purpose. */
export function ignore(): void {}

/** Without this, a client that dies while the application holds it ends the process. */
export function listenToClients(pool: Pool): void {
  pool.on('connect', (client) => client.on('error', ignore));
}
