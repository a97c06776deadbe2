import type { Prelude } from '../protocol/statement-query.js';
import { textArray } from '../sql/array-parameters.js';
import { statement, text } from '../sql/statement.js';
import { TIMINGS } from '../timings.js';
import type { Bounds } from './server-facts.js';

/**
 * A generic plan made while the table was small stays with its statement as the table grows, and reads the
 * whole table for one key. Every statement of ours has an index to go by, so other plans are ruled out. JIT
 * never pays for statements as short as ours.
 */
const INDEXES_ONLY: Settings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};
const PLAN_ONCE: Settings = { ...INDEXES_ONLY, plan_cache_mode: 'force_generic_plan' };

/** Settings of the server by their names. */
export type Settings = Readonly<Record<string, string>>;

/** The settings under which plans are made. Versions of Citus crash the server if they must plan only once. */
export function planSettings(hasCitus: boolean): Settings {
  return hasCitus ? INDEXES_ONLY : PLAN_ONCE;
}

/** What a statement may take on the server, in milliseconds; 0 for no bound. */
export interface Limits {
  readonly statement: number;
  readonly lock: number;
}

/** Makes settings that end with the transaction. */
export const SET_LOCAL = statement(
  'set_local',
  `SELECT count(set_config(name, value, true)) FROM unnest($1::text[], $2::text[]) AS s (name, value)`,
  [text],
);

/** Settings for the transaction of the statement behind it, and for nothing after that. */
export function settingsPrelude(bounds: Settings, plan: Settings): Prelude {
  const settings = { ...bounds, ...plan };
  return {
    statement: SET_LOCAL,
    values: [textArray(Object.keys(settings)), textArray(Object.values(settings))],
  };
}

/** The bounds of a statement, none of them above those that the session has by itself. */
export function boundSettings({ statement, lock }: Limits, own: Bounds | undefined): Settings {
  return {
    statement_timeout: smaller(statement, own?.statement_timeout),
    lock_timeout: smaller(lock, own?.lock_timeout),
  };
}

/** Begins a transaction. The server ends one whose process stands still, and takes its locks back. */
export function beginWithin(limits: Limits, own: Bounds | undefined): string {
  const settings = {
    ...boundSettings(limits, own),
    idle_in_transaction_session_timeout: smaller(
      TIMINGS.TRANSACTION_IDLE,
      own?.idle_in_transaction_session_timeout,
    ),
  };
  const set = Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`);
  return ['BEGIN', ...set].join('; ');
}

/** Of two times, of which 0 is none. */
function smaller(ours: number, own = 0): string {
  return String(Math.ceil(ours === 0 || own === 0 ? Math.max(ours, own) : Math.min(ours, own)));
}
