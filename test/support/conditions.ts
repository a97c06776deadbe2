import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds until the wait fails. */
  timeout?: number;
  /** Milliseconds between two looks. */
  interval?: number;
  /** What is waited for, as the failure tells it. */
  what?: string;
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/** Resolves to the first truthy answer of the condition; a look that throws counts as "not yet". */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeout = 5_000, interval = 10, what = 'the condition' }: WaitOptions = {},
): Promise<Truthy<T>> {
  const deadline = performance.now() + timeout;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer as Truthy<T>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what} did not come true within ${timeout} ms`, { cause: lastError });
    }
    await delay(interval);
  }
}
