import { TIMINGS } from '../timings.js';

/** Calls back with a connection, or with why there is none. */
export type Acquired<C> = (error: unknown, connection?: C) => void;

/**
 * What happens while the server takes no more connections (SQLSTATE 53300): whoever needs one waits for one that
 * is given back, and the server is asked again only now and then.
 */
export class ConnectionLimit<C> {
  private readonly waiters: Array<Acquired<C>> = [];
  /** What the server said, until it takes a connection again. */
  private refusal: unknown;
  private askAgainAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  /** @param acquire asks the server once more. */
  constructor(private readonly acquire: (waiter: Acquired<C>) => void) {}

  /** Why the server is not to be asked for the moment; `undefined` if it may be, and then others wait for that. */
  claim(): unknown {
    if (this.refusal === undefined) {
      return undefined;
    }
    const now = performance.now();
    if (now < this.askAgainAt) {
      return this.refusal;
    }
    this.askAgainAt = now + TIMINGS.REFUSED_PAUSE;
    return undefined;
  }

  refused(error: unknown): void {
    this.refusal = error;
    this.askAgainAt = performance.now() + TIMINGS.REFUSED_PAUSE;
  }

  /** The server has taken a connection. */
  granted(): void {
    this.refusal = undefined;
  }

  wait(waiter: Acquired<C>): void {
    this.waiters.push(waiter);
    this.startTimer();
  }

  /** Who gets the connection that comes free. */
  next(): Acquired<C> | undefined {
    return this.waiters.shift();
  }

  /** No connection will come free for those who wait. */
  giveUp(error: Error): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiters.splice(0).forEach((waiter) => waiter(error));
  }

  private startTimer(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const waiter = this.waiters.shift();
      if (waiter !== undefined) {
        this.acquire(waiter);
        this.startTimer();
      }
    }, TIMINGS.REFUSED_PAUSE).unref();
  }
}
