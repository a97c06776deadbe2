import { onAbort } from '../utils/abort-signal.js';
import type { AnyCall } from './call.js';
import { Refusal } from './types.js';

/** Bytes of one result that are copied for its callers before the event loop gets its turn. */
const BYTES_COPIED_AT_ONCE = 8_388_608;

/**
 * The calls that have not settled, and how they settle. Oldest first: all have the same time, so the oldest
 * is due first. A list through the calls themselves: a `Set` moves to a new table every few dozen calls, and
 * the old tables keep dead calls in memory until the next large collection.
 */
export class PendingCalls {
  private oldest: AnyCall | undefined;
  private newest: AnyCall | undefined;
  private count = 0;

  /** @param onEmpty called when the last one has settled. */
  constructor(private readonly onEmpty: () => void) {}

  get size(): number {
    return this.count;
  }

  add(call: AnyCall, deadline: number, signal: AbortSignal | undefined): void {
    call.deadline = deadline;
    call.older = this.newest;
    if (this.newest === undefined) {
      this.oldest = call;
    } else {
      this.newest.younger = call;
    }
    this.newest = call;
    this.count += 1;
    if (signal !== undefined) {
      this.watch(call, signal);
    }
  }

  /** The oldest call, if it is due. */
  due(now: number): AnyCall | undefined {
    return this.oldest !== undefined && this.oldest.deadline <= now ? this.oldest : undefined;
  }

  /**
   * Settles a call and its followers with the result of its batch. The first that still waits counts as the
   * one that was made.
   */
  deliver(leader: AnyCall, result: unknown): void {
    if (result instanceof Refusal) {
      this.rejectAll(leader, result.error);
    } else if (leader.followers === undefined) {
      this.resolve(leader, result, 0);
    } else {
      this.resolveShared([leader, ...leader.followers], result, 0);
    }
  }

  reject(call: AnyCall, error: unknown): void {
    if (this.settle(call)) {
      call.reject(error);
    }
  }

  rejectAll(leader: AnyCall, error: unknown): void {
    this.reject(leader, error);
    leader.followers?.forEach((follower) => this.reject(follower, error));
  }

  rejectEverything(error: Error): void {
    for (let call = this.oldest; call !== undefined; call = this.oldest) {
      this.reject(call, error);
    }
  }

  private resolveShared(calls: readonly AnyCall[], result: unknown, delivered: number): void {
    let bytes = 0;
    let n = delivered;
    for (const [at, call] of calls.entries()) {
      if (call.settled) {
        continue;
      }
      if (bytes > BYTES_COPIED_AT_ONCE) {
        setImmediate(() => this.resolveShared(calls.slice(at), result, n));
        return;
      }
      this.resolve(call, result, n);
      n += 1;
      bytes += Buffer.isBuffer(result) ? result.length : 0;
    }
  }

  /** A throw here must not keep the calls behind it from settling. */
  private resolve(call: AnyCall, result: unknown, n: number): void {
    try {
      const own = n === 0 ? result : call.operation.share?.(result as never, n);
      if (this.settle(call)) {
        call.resolve(own as never);
      }
    } catch (error) {
      this.reject(call, error);
    }
  }

  /** Returns whether the call still waited. */
  private settle(call: AnyCall): boolean {
    if (call.settled) {
      return false;
    }
    call.settled = true;
    call.dropArguments();
    this.delete(call);
    call.unwatch?.();
    return true;
  }

  private watch(call: AnyCall, signal: AbortSignal): void {
    try {
      call.unwatch = onAbort(signal, () => this.reject(call, signal.reason));
    } catch (error) {
      this.reject(call, error);
    }
  }

  private delete(call: AnyCall): void {
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
    if (this.count === 0) {
      this.onEmpty();
    }
  }
}
