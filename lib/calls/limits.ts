import type { ResolvedOptions } from '../postgres-session.options.js';

/** How many calls a statement carries, and how many statements are under way. */
export interface CallLimits {
  /** Of the kinds that share statements. */
  readonly lanes: number;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Of the kinds that travel alone. */
  readonly singleLanes: number;
}

export function callLimits(batching: ResolvedOptions['batching'], capacity: number): CallLimits {
  if (batching === undefined) {
    return { lanes: capacity, maxRows: 1, maxBytes: Infinity, singleLanes: capacity };
  }
  return { ...batching, singleLanes: capacity };
}
