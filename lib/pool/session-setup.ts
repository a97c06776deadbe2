import type { Prelude } from '../protocol/statement-query.js';
import { textArray } from '../sql/array-parameters.js';
import { statement, text } from '../sql/statement.js';

/**
 * A generic plan made while the table was small stays with its statement as the table grows, and reads the
 * whole table for one key. Every statement of ours has an index to go by, so other plans are ruled out. JIT
 * never pays for statements as short as ours.
 */
const PLAN_SETTINGS = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
} as const;

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
export function settingsPrelude(limits: Limits | undefined, makesPlan: boolean): Prelude {
  const settings = {
    ...(limits === undefined ? {} : limitSettings(limits)),
    ...(makesPlan ? PLAN_SETTINGS : {}),
  };
  return {
    statement: SET_LOCAL,
    values: [textArray(Object.keys(settings)), textArray(Object.values(settings))],
  };
}

function limitSettings({ statement, lock }: Limits): Record<string, string> {
  return {
    statement_timeout: String(Math.ceil(statement)),
    lock_timeout: String(Math.ceil(lock)),
  };
}
