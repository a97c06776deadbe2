import { TIMINGS } from '../timings.js';

/**
 * The time in which the process could have read an answer, in milliseconds. Timers run before sockets are
 * read, so after a stall of the event loop everything looks overdue although the answers have arrived. The
 * clock leaves stalls out, and lets the event loop read before anything is looked at.
 */
export class RunClock {
  private stalled = 0;
  /** When the next tick is due. While it is late, the event loop stands still, and the clock with it. */
  private dueAt = Infinity;
  private timer: NodeJS.Timeout | undefined;
  private keepsProcess = false;

  /** @param onTick looks at what is due, and returns whether it has to be looked at again. */
  constructor(
    private readonly interval: number,
    private readonly onTick: () => boolean,
  ) {}

  now(): number {
    return Math.min(performance.now(), this.dueAt) - this.stalled;
  }

  start(): void {
    if (this.timer === undefined) {
      this.dueAt = performance.now() + this.interval;
      this.timer = setTimeout(() => this.tick(), this.interval);
      this.keepProcess(this.keepsProcess);
    }
  }

  /** Whether the process is to be kept for the next tick. */
  keepProcess(keep: boolean): void {
    this.keepsProcess = keep;
    if (keep) {
      this.timer?.ref();
    } else {
      this.timer?.unref();
    }
  }

  private tick(): void {
    const late = performance.now() - this.dueAt;
    if (late >= TIMINGS.STALL) {
      this.stalled += late;
    }
    this.dueAt = performance.now() + this.interval;
    // Runs after the sockets were read.
    setImmediate(() => this.look());
  }

  private look(): void {
    if (performance.now() - this.dueAt >= TIMINGS.STALL) {
      // It stood still once more meanwhile.
      this.tick();
      return;
    }
    this.timer = undefined;
    this.dueAt = Infinity;
    if (this.onTick()) {
      this.start();
    }
  }
}
