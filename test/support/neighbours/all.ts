import { busyClients, failingQueries, openTransactions } from './clients.js';
import { acquireHook, connectHook, statementsInFront } from './hooks.js';
import type { Neighbour } from './neighbour.js';

/** Needs no table. */
export const UNIQUE_VIOLATION = 'DO $$ BEGIN RAISE unique_violation; END $$';

/** All that an application does with a pool by means of pg alone. */
export const neighbours: readonly Neighbour[] = [
  failingQueries(UNIQUE_VIOLATION),
  busyClients,
  openTransactions,
  acquireHook,
  connectHook,
  statementsInFront,
];
