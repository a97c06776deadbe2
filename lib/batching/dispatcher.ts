import { TIMINGS } from '../timings.js';
import { BatchQueue } from './batch-queue.js';
import type { AnyCall } from './call.js';
import { InFlight } from './in-flight.js';
import type { RunClock } from './run-clock.js';
import type { AnyOperation, Batch, Lease, LeaseSource } from './types.js';

export interface DispatcherEvents {
  /** A batch was answered, and its connection given back. */
  onAnswered(batch: Batch, results: readonly unknown[]): void;
  /** A batch failed. Its connection is still taken. */
  onFailed(batch: Batch, error: unknown): void;
  /** No connection was to be had for calls that waited for one. */
  onAcquireFailed(leaders: readonly AnyCall[], error: unknown): void;
  /** A call that nobody waits for any more was taken out before it was sent. */
  onDropped(call: AnyCall): void;
  /** A call has too little time left for an answer, so it is not sent. */
  onTooLate(call: AnyCall): void;
}

/** Takes the calls whose turn has come, and sends them in batches as far as there are connections. */
export class Dispatcher {
  /** One for each operation, and one for its calls that wait for locks; the one that went last is the last. */
  private queues: BatchQueue[] = [];
  private readonly inFlight: InFlight;

  constructor(
    private readonly source: LeaseSource,
    private readonly clock: RunClock,
    /** Milliseconds within which a call settles. */
    private readonly timeout: number,
    private readonly events: DispatcherEvents,
  ) {
    this.inFlight = new InFlight(source.capacity, timeout);
  }

  get batchesInFlight(): readonly Batch[] {
    return this.inFlight.list();
  }

  get isIdle(): boolean {
    return this.inFlight.size === 0;
  }

  enqueue(call: AnyCall): void {
    call.inFlight = false;
    const queue = this.queueOf(call.operation, call.locked);
    queue.push(call);
    this.pump(queue);
  }

  pumpAll(): void {
    // A queue that sends moves to the end.
    this.queues.slice().forEach((queue) => this.pump(queue));
  }

  /** A call ran out of time while it waited. */
  overloaded(call: AnyCall, now: number): void {
    this.queueOf(call.operation, call.locked).overloaded(now);
  }

  /** Marks batches that are slow. Returns those whose connection has to be given up. */
  check(now: number): Batch[] {
    const lost = this.inFlight.check(now);
    if (lost.some(({ forgotten }) => forgotten)) {
      // Those that rested with it were forgotten with it.
      this.source.renew();
    }
    return lost;
  }

  /** Whatever still comes of a batch is ignored from here on. Its connection is still taken. */
  abandon(batch: Batch): void {
    this.inFlight.delete(batch);
    this.queueOf(batch.operation, batch.waitsForLocks).ended(batch);
  }

  /** Gives a connection back. Other operations, which found none free, come before the callers that are told. */
  release(lease: Lease, operation: AnyOperation): void {
    lease.release();
    this.queues
      .filter((other) => other.operation !== operation)
      .forEach((other) => this.pump(other));
  }

  private queueOf(operation: AnyOperation, waitsForLocks: boolean): BatchQueue {
    const known = this.queues.find(
      (queue) => queue.operation === operation && queue.waitsForLocks === waitsForLocks,
    );
    if (known !== undefined) {
      return known;
    }
    const queue = new BatchQueue(operation, waitsForLocks, this.timeout / 2, this.events);
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

  /** Another operation waits for a connection and there is none, so the one that this queue has comes free. */
  private mustMakeWay(queue: BatchQueue): boolean {
    return (
      this.inFlight.isSpent &&
      this.queues.some((other) => other !== queue && other.length > 0 && !other.gathering)
    );
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
        this.events.onAcquireFailed(leaders, error);
      } else {
        this.send(queue, lease);
      }
    });
  }

  private send(queue: BatchQueue, lease: Lease): void {
    const leaders = queue.take(this.clock.now());
    // Not before: calls that were dropped may have made others ready, and these are taken along.
    queue.gathering = false;
    if (leaders.length === 0) {
      lease.release();
      return;
    }
    const batch = this.batchOf(queue, lease, leaders);
    this.inFlight.add(batch);
    queue.started(batch);
    const calls = leaders.map((leader) => {
      leader.inFlight = true;
      return leader.lastWaiting() as AnyCall;
    });
    const done = (error: unknown, results?: readonly unknown[]): void => {
      if (this.inFlight.delete(batch)) {
        queue.ended(batch);
        queue.answered(this.clock.now() - batch.sentAt);
        this.inFlight.answered(batch);
        this.onDone(batch, error, results);
      }
    };
    try {
      queue.operation.execute({ lease, calls, lockWait: this.lockWaitOf(batch) }, done);
    } catch (error) {
      done(error);
    }
    this.pump(queue);
  }

  private batchOf(queue: BatchQueue, lease: Lease, leaders: readonly AnyCall[]): Batch {
    const { operation, waitsForLocks, patience } = queue;
    const now = this.clock.now();
    return {
      operation,
      lease,
      leaders,
      sentAt: now,
      waitsForLocks,
      slow: false,
      patience,
      forgotten: false,
      bytesSeen: lease.bytesRead,
      bytesSeenAt: now,
    };
  }

  private lockWaitOf({ leaders, waitsForLocks }: Batch): number {
    return Math.min(
      waitsForLocks ? TIMINGS.LOCKED_WAIT : TIMINGS.FIRST_LOCK_WAIT,
      // The calls of a batch need the time to go one by one if one of them finds a lock.
      leaders.length > 1 ? this.timeout / 2 : this.timeout,
    );
  }

  private onDone(batch: Batch, error: unknown, results: readonly unknown[] | undefined): void {
    if (results === undefined) {
      this.events.onFailed(batch, error);
    } else {
      this.release(batch.lease, batch.operation);
      this.events.onAnswered(batch, results);
    }
    // Behind the callers that were just answered, whose next calls are to come along.
    queueMicrotask(() => this.pumpAll());
  }
}
