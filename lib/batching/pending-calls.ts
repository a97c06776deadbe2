import type { AnyCall } from './call.js';

/**
 * The calls that have not settled, oldest first. All have the same time, so the oldest is due first. A list
 * through the calls themselves: a `Set` moves to a new table every few dozen calls, and the old tables keep
 * dead calls in memory until the next large collection.
 */
export class PendingCalls {
  private oldest: AnyCall | undefined;
  private newest: AnyCall | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  list(): AnyCall[] {
    const calls: AnyCall[] = [];
    for (let call = this.oldest; call !== undefined; call = call.younger) {
      calls.push(call);
    }
    return calls;
  }

  /** The oldest call, if it is due. */
  due(now: number): AnyCall | undefined {
    return this.oldest !== undefined && this.oldest.deadline <= now ? this.oldest : undefined;
  }

  add(call: AnyCall): void {
    call.older = this.newest;
    if (this.newest === undefined) {
      this.oldest = call;
    } else {
      this.newest.younger = call;
    }
    this.newest = call;
    this.count += 1;
  }

  delete(call: AnyCall): void {
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
}
