import type { AnyCall } from './call.js';
import type { Resource } from './call-kind.js';

/**
 * The calls that have not settled, oldest first. All have the same time, so the oldest is due first and
 * one timer serves them all. A list through the calls themselves: a `Set` moves to a new table every few
 * dozen calls, and the old tables keep dead calls in memory until the next large collection.
 */
export class Deadlines<R extends Resource> {
  private oldest: AnyCall<R> | undefined;
  private newest: AnyCall<R> | undefined;
  private count = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly timeout: number | undefined,
    private readonly expire: (call: AnyCall<R>) => void,
  ) {}

  get size(): number {
    return this.count;
  }

  calls(): Array<AnyCall<R>> {
    const calls: Array<AnyCall<R>> = [];
    for (let call = this.oldest; call !== undefined; call = call.younger) {
      calls.push(call);
    }
    return calls;
  }

  add(call: AnyCall<R>): void {
    call.older = this.newest;
    if (this.newest === undefined) {
      this.oldest = call;
    } else {
      this.newest.younger = call;
    }
    this.newest = call;
    this.count += 1;
    if (this.timeout !== undefined) {
      call.deadline = performance.now() + this.timeout;
      if (this.timer === undefined) {
        this.arm(this.timeout);
      }
    }
  }

  delete(call: AnyCall<R>): void {
    const { older, younger } = call;
    if (older === undefined) {
      this.oldest = younger;
    } else {
      older.younger = younger;
    }
    if (younger === undefined) {
      this.newest = older;
    } else {
      younger.older = older;
    }
    call.older = undefined;
    call.younger = undefined;
    this.count -= 1;
  }

  /** The timer outlives the calls it was set for: to set and clear one a call would cost more. */
  private arm(delay: number): void {
    this.timer = setTimeout(() => this.check(), delay);
    this.timer.unref();
  }

  private check(): void {
    this.timer = undefined;
    const now = performance.now();
    for (let call = this.oldest; call !== undefined; call = this.oldest) {
      if (call.deadline > now) {
        this.arm(Math.ceil(call.deadline - now));
        return;
      }
      this.expire(call);
    }
  }
}
