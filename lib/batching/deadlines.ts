import type { AnyCall } from './call.js';
import type { Resource } from './call-kind.js';

/**
 * The calls that have not settled, oldest first. All have the same time, so the oldest is due first and
 * one timer serves them all.
 */
export class Deadlines<R extends Resource> {
  private readonly pending = new Set<AnyCall<R>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly timeout: number | undefined,
    private readonly expire: (call: AnyCall<R>) => void,
  ) {}

  get size(): number {
    return this.pending.size;
  }

  calls(): Array<AnyCall<R>> {
    return [...this.pending];
  }

  add(call: AnyCall<R>): void {
    this.pending.add(call);
    if (this.timeout !== undefined) {
      call.deadline = performance.now() + this.timeout;
      if (this.timer === undefined) {
        this.arm(this.timeout);
      }
    }
  }

  delete(call: AnyCall<R>): void {
    this.pending.delete(call);
  }

  /** The timer outlives the calls it was set for: to set and clear one a call would cost more. */
  private arm(delay: number): void {
    this.timer = setTimeout(() => this.check(), delay);
    this.timer.unref();
  }

  private check(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const call of this.pending) {
      if (call.deadline > now) {
        this.arm(Math.ceil(call.deadline - now));
        return;
      }
      this.expire(call);
    }
  }
}
