import { TIMINGS } from '../timings.js';

/** A page keeps a processor of the server busy, so the next one comes after a rest so many times as long. */
const REST_FACTOR = 7;

/**
 * Calls back after `ms` milliseconds in which the process could read an answer, and behind the sockets: after a
 * stall of the event loop timers run before sockets are read, and what is waited for may have arrived. Returns
 * what cancels it.
 *
 * @param meanwhile called every now and then while it waits.
 */
export function afterReading(ms: number, action: () => void, meanwhile?: () => void): () => void {
  let cancelled = false;
  let left = ms;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    // By small steps, so that a stall counts as one of them.
    const step = Math.min(left, TIMINGS.TICK);
    const due = performance.now() + step;
    timer = setTimeout(() => {
      left -= step;
      setImmediate(() => {
        if (!cancelled) {
          meanwhile?.();
        }
        if (!cancelled) {
          next(performance.now() - due >= TIMINGS.STALL);
        }
      });
    }, step);
  };
  const next = (hasStalled: boolean): void => {
    if (left <= 0 && hasStalled) {
      left = TIMINGS.TICK;
    }
    if (left > 0) {
      wait();
    } else {
      action();
    }
  };
  wait();
  return () => {
    cancelled = true;
    clearTimeout(timer);
  };
}

/** Has `onLate` called if `work` takes longer than `ms` milliseconds. The work itself goes on. */
export async function watched<T>(
  ms: number,
  onLate: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const cancel = afterReading(ms, onLate);
  try {
    return await work();
  } finally {
    cancel();
  }
}

/** Waits for `work` to end, but no longer than `ms` milliseconds. Keeps the process until then. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let cancel: (() => void) | undefined;
  const late = new Promise<void>((resolve) => {
    cancel = afterReading(ms, resolve);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    cancel?.();
  }
}

/** Leaves the server to others between two pages. */
export function restAfterPage(pageTook: number, signal?: AbortSignal): Promise<void> {
  return rest(Math.min(REST_FACTOR * pageTook, TIMINGS.LONGEST_REST), signal);
}

/** Resolves after `ms` milliseconds, or as soon as the signal aborts. */
export function rest(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) {
      end();
    }
  });
}
