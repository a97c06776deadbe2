const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 250;

/** Milliseconds to wait before try `attempt` (1, 2, …): doubling up to a bound, with full jitter. */
export function backoff(attempt: number): number {
  const bound = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 16));
  return 1 + Math.random() * bound;
}
