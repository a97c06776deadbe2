import { TIMINGS } from '../timings.js';
import { backoff } from '../utils/backoff.js';
import { afterReading } from '../utils/timers.js';
import { BatchQueue } from './batch-queue.js';
import { Call, type AnyCall, type Target } from './call.js';
import { InFlight } from './in-flight.js';
import { KeyOrder, RangeTurn, type Range } from './key-order.js';
import { LockedKeys } from './locked-keys.js';
import { PendingCalls } from './pending-calls.js';
import { RunClock } from './run-clock.js';
import type {
  AnyOperation,
  Batch,
  FailureAction,
  FailurePolicy,
  Lease,
  LeaseSource,
  Operation,
} from './types.js';

/** Without a time bound, a call is given up after this many tries. */
const MOST_ATTEMPTS_WITHOUT_TIMEOUT = 20;

export interface BatcherOptions {
  /** Milliseconds within which every call settles. `undefined`: no bound. */
  timeout: number | undefined;
  /** Calls that may be pending or in flight. */
  maxQueue: number;
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
  /** One for each operation, and one for its calls that wait for locks; the one that went last is the last. */
  private queues: BatchQueue[] = [];
  private readonly pending = new PendingCalls(() => this.clock.keepProcess(false));
  private readonly lockedKeys = new LockedKeys();
  private readonly order = new KeyOrder((call) => this.enqueue(call));
  private readonly inFlight: InFlight;
  private readonly clock: RunClock;
  private readonly timeout: number;
  private closed = false;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly source: LeaseSource,
    private readonly policy: FailurePolicy,
    private readonly options: BatcherOptions,
  ) {
    this.timeout = options.timeout ?? Infinity;
    this.inFlight = new InFlight(source.capacity, this.timeout);
    this.clock = new RunClock(Math.min(TIMINGS.TICK, this.timeout), () => this.onTick());
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
    if (this.closed) {
      return Promise.reject(this.policy.closed());
    }
    if (!this.hasRoomFor(1)) {
      return Promise.reject(this.policy.overloaded());
    }
    const call = new Call(operation, target, args, entryOwner);
    this.pending.add(call.owner, this.clock.now() + this.timeout, signal);
    if (this.pending.size === 1) {
      this.clock.keepProcess(true);
    }
    this.clock.start();
    if (target instanceof RangeTurn) {
      this.order.addPage(call.owner, target);
    } else {
      this.order.add(call.owner);
    }
    return call.promise;
  }

  /** A range call takes its place in the order; `finishRange` when no more pages of it come. */
  openRange(range: Range): RangeTurn {
    return this.order.openRange(range);
  }

  finishRange(turn: RangeTurn): void {
    this.order.finishRange(turn);
  }

  /** Whether `count` more calls may be made. */
  hasRoomFor(count: number): boolean {
    return this.pending.size + count <= this.options.maxQueue;
  }

  /** Refuses new calls, and resolves when the others have settled, at the latest after `timeout` ms. */
  async close(timeout: number): Promise<void> {
    this.closed = true;
    const idle = new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
    this.checkIdle();
    const cancel = afterReading(timeout, () => this.cutOff());
    await idle;
    cancel();
  }

  private enqueue(call: AnyCall): void {
    call.inFlight = false;
    if (call.operation.writes && typeof call.target === 'string') {
      call.locked ||= this.lockedKeys.has(call.target, this.clock.now());
    }
    call.alone ||= call.locked;
    const queue = this.queueOf(call.operation, call.locked);
    queue.push(call);
    this.pump(queue);
  }

  private queueOf(operation: AnyOperation, waitsForLocks: boolean): BatchQueue {
    const known = this.queues.find(
      (queue) => queue.operation === operation && queue.waitsForLocks === waitsForLocks,
    );
    if (known !== undefined) {
      return known;
    }
    const queue = new BatchQueue(operation, waitsForLocks, this.timeout / 2, {
      onDropped: (call) => this.end(call),
      onTooLate: (call) => {
        this.pending.rejectAll(call, this.policy.timedOut(call.lastError));
        this.end(call);
      },
    });
    this.queues.push(queue);
    return queue;
  }

  /** Sends what waits, as far as there are connections. */
  private pump(queue: BatchQueue): void {
    if (queue.gathering || queue.length === 0 || queue.mustHoldBack) {
      return;
    }
    const lease = this.mustMakeWay(queue) ? undefined : queue.joinable;
    if (lease !== undefined) {
      this.join(queue, lease);
    } else if (this.inFlight.allows(queue)) {
      this.acquire(queue);
    }
  }

  private pumpAll(): void {
    // A queue that sends moves to the end.
    this.queues.slice().forEach((queue) => this.pump(queue));
  }

  /** Another operation waits for a connection and there is none, so the one that this queue has comes free. */
  private mustMakeWay(queue: BatchQueue): boolean {
    return (
      this.inFlight.isSpent &&
      this.queues.some((other) => other !== queue && other.length > 0 && !other.gathering)
    );
  }

  /** Gives a connection back. Other operations, which found none free, come before the callers that are told. */
  private release(lease: Lease, operation: AnyOperation): void {
    lease.release();
    this.queues
      .filter((other) => other.operation !== operation)
      .forEach((other) => this.pump(other));
  }

  private moveToEnd(queue: BatchQueue): void {
    if (this.queues[this.queues.length - 1] !== queue) {
      this.queues = [...this.queues.filter((other) => other !== queue), queue];
    }
  }

  /**
   * Sends the next batch behind the one in flight. The server's backend then goes from one to the next
   * without waiting for us, and there is no second one to contend with it and us for the processors.
   */
  private join(queue: BatchQueue, lease: Lease): void {
    lease.retain();
    this.moveToEnd(queue);
    queue.gathering = true;
    process.nextTick(() => this.send(queue, lease));
  }

  private acquire(queue: BatchQueue): void {
    this.moveToEnd(queue);
    queue.gathering = true;
    this.inFlight.startAcquiring(queue);
    this.source.acquire((error, lease) => {
      this.inFlight.endAcquiring(queue);
      if (lease === undefined) {
        const leaders = queue.takeAll(this.clock.now());
        queue.gathering = false;
        this.retryOrRejectAll(leaders, this.policy.onAcquireError(error));
      } else {
        this.send(queue, lease);
      }
    });
  }

  private send(queue: BatchQueue, lease: Lease): void {
    const now = this.clock.now();
    const leaders = queue.take(now);
    // Not before: calls that were dropped may have made others ready, and these are taken along.
    queue.gathering = false;
    if (leaders.length === 0) {
      lease.release();
      return;
    }
    const { operation, waitsForLocks } = queue;
    const batch: Batch = {
      operation,
      lease,
      leaders,
      sentAt: now,
      waitsForLocks,
      slow: false,
      bytesSeen: lease.bytesRead,
      bytesSeenAt: now,
    };
    this.inFlight.add(batch);
    queue.started(batch);
    const calls = leaders.map((leader) => {
      leader.inFlight = true;
      return leader.lastWaiting() as AnyCall;
    });
    const lockWait = Math.min(
      waitsForLocks ? TIMINGS.LOCKED_WAIT : TIMINGS.FIRST_LOCK_WAIT,
      // The calls of a batch need the time to go one by one if one of them finds a lock.
      calls.length > 1 ? this.timeout / 2 : this.timeout,
    );
    const done = (error: unknown, results?: readonly unknown[]): void => {
      if (this.inFlight.delete(batch)) {
        queue.ended(batch);
        queue.answered(this.clock.now() - now);
        this.inFlight.answered(batch);
        this.onBatchDone(batch, error, results);
      }
    };
    try {
      operation.execute({ lease, calls, lockWait }, done);
    } catch (error) {
      done(error);
    }
    this.pump(queue);
  }

  private onBatchDone(batch: Batch, error: unknown, results: readonly unknown[] | undefined): void {
    if (results === undefined) {
      this.onBatchFailed(batch, error);
    } else {
      this.release(batch.lease, batch.operation);
      for (let n = 0; n < batch.leaders.length; n += 1) {
        const leader = batch.leaders[n];
        if (leader.locked && typeof leader.target === 'string') {
          this.lockedKeys.delete(leader.target);
        }
        this.pending.deliver(leader, results[n]);
        this.end(leader);
      }
    }
    // Behind the callers that were just answered, whose next calls are to come along.
    queueMicrotask(() => this.pumpAll());
  }

  private onBatchFailed({ operation, leaders, lease }: Batch, error: unknown): void {
    const action = this.policy.onBatchError(error, operation.repeatable, lease);
    if (action.discard) {
      this.discardConnection(lease, operation, leaders, action);
      return;
    }
    this.release(lease, operation);
    if (action.split && leaders.length > 1) {
      for (const leader of leaders) {
        leader.alone = true;
        this.enqueue(leader);
      }
      return;
    }
    if (action.locked) {
      leaders.forEach((leader) => this.markLocked(leader));
    }
    this.retryOrRejectAll(leaders, action);
  }

  private markLocked(leader: AnyCall): void {
    leader.locked = true;
    if (typeof leader.target === 'string') {
      this.lockedKeys.add(leader.target, this.clock.now());
    }
  }

  /**
   * If a write may still be running, calls on its keys wait until it is certain that it is not: a late write
   * must not undo one that was acknowledged after it.
   */
  private discardConnection(
    lease: Lease,
    operation: AnyOperation,
    leaders: readonly AnyCall[],
    action: FailureAction,
  ): void {
    if (!action.mayStillRun) {
      lease.discard();
      this.retryOrRejectAll(leaders, action);
      return;
    }
    const stopped = lease.abandon(operation.writes);
    if (!operation.writes) {
      this.retryOrRejectAll(leaders, action);
      return;
    }
    if (!action.retry) {
      leaders.forEach((leader) => this.pending.rejectAll(leader, action.error));
    }
    void stopped.then(() => this.retryOrRejectAll(leaders, action));
  }

  private retryOrRejectAll(leaders: readonly AnyCall[], action: FailureAction): void {
    for (const leader of leaders) {
      if (leader.lastWaiting() === undefined) {
        this.end(leader);
      } else {
        this.retryOrReject(leader, action);
      }
    }
  }

  private retryOrReject(leader: AnyCall, action: FailureAction): void {
    // A lock that somebody holds is no failure: without a time bound it is waited for as long as it takes.
    leader.attempts += action.locked ? 0 : 1;
    const mayRetry =
      this.options.timeout !== undefined || leader.attempts < MOST_ATTEMPTS_WITHOUT_TIMEOUT;
    if (!action.retry || !mayRetry) {
      this.pending.rejectAll(leader, action.error);
      this.end(leader);
      return;
    }
    leader.lastError = action.error;
    setTimeout(() => this.enqueue(leader), backoff(leader.attempts));
  }

  /** Looks at what is due. Returns whether it has to look again. */
  private onTick(): boolean {
    const now = this.clock.now();
    for (let call = this.pending.due(now); call !== undefined; call = this.pending.due(now)) {
      if (call.queued) {
        this.queueOf(call.operation, call.locked).overloaded(now);
      }
      this.pending.reject(call, this.policy.timedOut(call.lastError));
    }
    this.inFlight.check(now).forEach((batch) => this.giveUp(batch));
    this.pumpAll();
    this.checkIdle();
    return this.pending.size > 0 || this.inFlight.size > 0;
  }

  /** Its calls are tried again, as their operation allows. Whatever still comes of it is ignored. */
  private giveUp(batch: Batch): void {
    const { operation, lease, leaders, waitsForLocks } = batch;
    this.inFlight.delete(batch);
    this.queueOf(operation, waitsForLocks).ended(batch);
    const action = this.policy.onBatchError(this.policy.unanswered(), operation.repeatable, lease);
    this.discardConnection(lease, operation, leaders, action);
  }

  private cutOff(): void {
    this.pending.rejectEverything(this.policy.closed());
    this.inFlight.list().forEach((batch) => this.giveUp(batch));
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
    if (this.pending.size === 0 && this.inFlight.size === 0) {
      this.onIdle?.();
    }
  }
}
