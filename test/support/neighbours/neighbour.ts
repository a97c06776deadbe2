import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

/** Milliseconds that an application does something else between two pieces of its work. */
const LONGEST_PAUSE = 5;

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

/** Does a neighbour's work for as long as it goes on. */
export async function workOn(
  pool: Pool,
  { work }: Neighbour,
  goesOn: () => boolean,
  onRound: () => void = ignore,
): Promise<void> {
  while (work && goesOn()) {
    await work(pool);
    onRound();
    await sleep(Math.random() * LONGEST_PAUSE);
  }
}
