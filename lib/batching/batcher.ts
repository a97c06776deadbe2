import { TIMINGS } from '../timings.js';
import { afterReading } from '../utils/timers.js';
import { BatchFailures } from './batch-failures.js';
import { Call, type AnyCall, type Target } from './call.js';
import { Dispatcher } from './dispatcher.js';
import { KeyOrder } from './key-order.js';
import { LockedKeys } from './locked-keys.js';
import { PendingCalls } from './pending-calls.js';
import { RangeTurn, type Range } from './range-turn.js';
import { RunClock } from './run-clock.js';
import type { Batch, FailurePolicy, LeaseSource, Operation } from './types.js';

export interface BatcherOptions {
  /** Milliseconds within which every call settles. `undefined`: no bound. */
  timeout: number | undefined;
  /** Calls that may be pending or in flight. */
  maxQueue: number;
  /** Whether calls that write are refused. */
  readOnly?: boolean;
}

export interface SubmitOptions {
  signal?: AbortSignal;
  /** The owner of the entries that the call writes. */
  entryOwner?: string;
}

/**
 * Gathers concurrent calls of one operation into shared batches. An idle batcher sends at once: no timer
 * stands in the way of a call. It knows neither the driver nor Nest; `docs/architecture.md` has its words.
 */
export class Batcher {
  private readonly pending = new PendingCalls(() => this.clock.keepProcess(false));
  private readonly lockedKeys = new LockedKeys();
  private readonly order = new KeyOrder((call) => this.enqueue(call));
  private readonly clock: RunClock;
  private readonly dispatcher: Dispatcher;
  private readonly failures: BatchFailures;
  private readonly timeout: number;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private onIdle: (() => void) | undefined;

  constructor(
    source: LeaseSource,
    private readonly policy: FailurePolicy,
    private readonly options: BatcherOptions,
  ) {
    this.timeout = options.timeout ?? Infinity;
    this.clock = new RunClock(Math.min(TIMINGS.TICK, this.timeout), () => this.onTick());
    this.failures = new BatchFailures(policy, options.timeout !== undefined, {
      enqueue: (leader) => this.enqueue(leader),
      markLocked: (leader) => this.markLocked(leader),
      reject: (leader, error) => this.pending.rejectAll(leader, error),
      end: (leader) => this.end(leader),
      release: (lease, operation) => this.dispatcher.release(lease, operation),
    });
    this.dispatcher = new Dispatcher(source, this.clock, this.timeout, {
      onAnswered: (batch, results) => this.onAnswered(batch, results),
      onFailed: (batch, error) => this.failures.onFailed(batch, error),
      onAcquireFailed: (leaders, error) => this.failures.onAcquireFailed(leaders, error),
      onDropped: (call) => this.end(call),
      onTooLate: (call) => {
        this.pending.rejectAll(call, this.policy.timedOut(call.lastError));
        this.end(call);
      },
    });
  }

  /** @param target one key, several different ones, or the range call whose page it is. */
  submit<A, V>(
    operation: Operation<A, V>,
    target: Target,
    args: A,
    { signal, entryOwner }: SubmitOptions = {},
  ): Promise<V> {
    if (signal?.aborted) {
      return Promise.reject(signal.reason as Error);
    }
    if (!this.admits(target)) {
      return Promise.reject(this.policy.closed());
    }
    if (operation.writes && this.options.readOnly === true) {
      return Promise.reject(this.policy.readOnly());
    }
    if (!this.hasRoomFor(1)) {
      return Promise.reject(this.policy.overloaded());
    }
    const { promise, call } = new Call(operation, target, args, entryOwner);
    this.pending.add(call, this.clock.now() + this.timeout, signal);
    if (this.pending.size === 1) {
      this.clock.keepProcess(true);
    }
    this.clock.start();
    if (target instanceof RangeTurn) {
      this.order.addPage(call, target);
    } else {
      this.order.add(call);
    }
    return promise;
  }

  /** A range call takes its place in the order; `finishRange` when no more pages of it come. */
  openRange(range: Range): RangeTurn {
    return this.order.openRange(range);
  }

  finishRange(turn: RangeTurn): void {
    this.order.finishRange(turn);
    this.checkIdle();
  }

  /** Whether calls wait for an answer. */
  get isBusy(): boolean {
    return this.pending.size > 0;
  }

  /** Calls that have not settled, those of them that are in flight, and the batches that carry them. */
  get load(): { readonly calls: number; readonly callsInFlight: number; readonly batches: number } {
    const batches = this.dispatcher.batchesInFlight;
    const carried = batches
      .flatMap(({ leaders }) => leaders)
      .flatMap((leader) => [leader, ...(leader.followers ?? [])]);
    return {
      calls: this.pending.size,
      callsInFlight: carried.filter(({ settled }) => !settled).length,
      batches: batches.length,
    };
  }

  /** Whether `count` more calls may be made. */
  hasRoomFor(count: number): boolean {
    return this.pending.size + count <= this.options.maxQueue;
  }

  /**
   * Refuses new calls, and resolves when the others have settled, deletions with all their pages, at the
   * latest after `timeout` ms.
   */
  async close(timeout: number): Promise<void> {
    this.state = 'closing';
    const idle = new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
    this.checkIdle();
    const cancel = afterReading(timeout, () => this.cutOff());
    await idle;
    this.state = 'closed';
    cancel();
  }

  /** A deletion that has begun may go on while the store closes. A scan may not: nobody knows when it ends. */
  private admits(target: Target): boolean {
    const isMorePages = target instanceof RangeTurn && target.range.writes;
    return this.state === 'open' || (this.state === 'closing' && isMorePages);
  }

  private enqueue(call: AnyCall): void {
    if (call.operation.writes && typeof call.target === 'string') {
      call.locked ||= this.lockedKeys.has(call.target, this.clock.now());
    }
    call.alone ||= call.locked;
    this.dispatcher.enqueue(call);
  }

  private markLocked(leader: AnyCall): void {
    leader.locked = true;
    if (typeof leader.target === 'string') {
      this.lockedKeys.add(leader.target, this.clock.now());
    }
  }

  private onAnswered({ leaders }: Batch, results: readonly unknown[]): void {
    for (let n = 0; n < leaders.length; n += 1) {
      const leader = leaders[n];
      if (leader.locked && typeof leader.target === 'string') {
        this.lockedKeys.delete(leader.target);
      }
      this.pending.deliver(leader, results[n]);
      this.end(leader);
    }
  }

  /** Looks at what is due. Returns whether it has to look again. */
  private onTick(): boolean {
    const now = this.clock.now();
    for (let call = this.pending.due(now); call !== undefined; call = this.pending.due(now)) {
      if (call.queued) {
        this.dispatcher.overloaded(call, now);
      }
      const { lastError } = call.leader ?? call;
      this.pending.reject(call, this.policy.timedOut(lastError));
    }
    this.dispatcher.check(now).forEach((batch) => this.giveUp(batch));
    this.dispatcher.pumpAll();
    this.checkIdle();
    return this.isBusy || !this.dispatcher.isIdle;
  }

  private giveUp(batch: Batch): void {
    this.dispatcher.abandon(batch);
    this.failures.giveUp(batch);
  }

  private cutOff(): void {
    this.state = 'closed';
    this.pending.rejectEverything(this.policy.closed());
    this.dispatcher.batchesInFlight.forEach((batch) => this.giveUp(batch));
    this.checkIdle();
  }

  /** Later calls on its keys may go. */
  private end(leader: AnyCall): void {
    this.order.end(leader);
    if (this.onIdle !== undefined) {
      this.checkIdle();
    }
  }

  private checkIdle(): void {
    const morePagesCome = this.state !== 'closed' && this.order.isDeletingRanges;
    if (!this.isBusy && this.dispatcher.isIdle && !morePagesCome) {
      this.onIdle?.();
    }
  }
}
