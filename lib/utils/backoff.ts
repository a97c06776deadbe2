import { TIMINGS } from '../timings.js';

/** Milliseconds to wait before try `attempt` (1, 2, …): doubling up to a bound, with full jitter. */
export function backoff(attempt: number): number {
  const bound = Math.min(
    TIMINGS.LONGEST_BACKOFF,
    TIMINGS.FIRST_BACKOFF * 2 ** Math.min(attempt, 16),
  );
  return 1 + Math.random() * bound;
}
