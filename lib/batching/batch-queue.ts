import { TIMINGS } from '../timings.js';
import { Deque } from '../utils/deque.js';
import type { AnyCall } from './call.js';
import type { AnyOperation, Batch, Lease } from './types.js';

/** Fewer calls than this go into one batch even when a second one may be sent. */
const SPLIT_FROM = 16;

/**
 * Hold a batch back while it is less than this part of the largest one in flight. Otherwise nearly all calls
 * settle into one batch, and a handful go to and fro in the other.
 */
const LEAST_PART = 1 / 2;

/** How much of a batch's duration goes into the estimate of the next one. */
const SMOOTHING = 1 / 8;

/** A batch that takes so many times as long as those before it is late. */
const PATIENCE_FACTOR = 4;

export interface BatchQueueEvents {
  /** A call that nobody waits for any more was taken out before it was sent. */
  onDropped(call: AnyCall): void;
  /** A call has too little time left for an answer, so it is not sent. */
  onTooLate(call: AnyCall): void;
}

/** The pending calls of one operation that are ready, and its batches in flight. */
export class BatchQueue {
  /** Whether a batch is about to leave; calls gather until then. */
  gathering = false;
  private readonly pending = new Deque<AnyCall>();
  private readonly inFlight: Batch[] = [];
  /** How long a batch takes, in milliseconds. */
  private expectedTime = 0;
  private overloadedUntil = 0;

  constructor(
    readonly operation: AnyOperation,
    /** Whether its calls wait for locks that others were found to hold. */
    readonly waitsForLocks: boolean,
    private readonly longestExpectedTime: number,
    private readonly events: BatchQueueEvents,
  ) {}

  get length(): number {
    return this.pending.length;
  }

  /** Milliseconds without an answer after which something is likely to be wrong. */
  get patience(): number {
    return Math.max(TIMINGS.READ_PATIENCE, PATIENCE_FACTOR * this.expectedTime);
  }

  push(call: AnyCall): void {
    call.queued = true;
    this.pending.push(call);
  }

  started(batch: Batch): void {
    this.inFlight.push(batch);
  }

  ended(batch: Batch): void {
    this.inFlight.splice(this.inFlight.indexOf(batch), 1);
  }

  answered(took: number): void {
    const time = Math.min(took, this.longestExpectedTime);
    this.expectedTime += (time - this.expectedTime) * SMOOTHING;
  }

  /** Calls could not be answered in time: for a while the newest go first, since those still can be. */
  overloaded(now: number): void {
    this.overloadedUntil = now + TIMINGS.OVERLOAD_MEMORY;
  }

  /** Whether the calls that wait have to gather for longer. */
  get mustHoldBack(): boolean {
    if (this.waitsForLocks) {
      return false;
    }
    const counted = this.counted;
    const largest = counted.reduce((most, { leaders }) => Math.max(most, leaders.length), 0);
    return (
      counted.length >= this.operation.concurrency || this.pending.length < largest * LEAST_PART
    );
  }

  /** A connection that takes one more batch, behind one that is answered in time. */
  get joinable(): Lease | undefined {
    return this.operation.pipelined
      ? this.inFlight.find(({ slow, lease }) => !slow && lease.joinable)?.lease
      : undefined;
  }

  /** The calls of the next batch. If more batches may be sent, they get their share. */
  take(now: number): AnyCall[] {
    const { operation, pending } = this;
    const free = operation.concurrency - this.counted.length;
    const share =
      pending.length < SPLIT_FROM || free <= 1 ? pending.length : Math.ceil(pending.length / free);
    const rows = Math.min(operation.maxRows, share);
    const taken: AnyCall[] = [];
    let bytes = 0;
    for (let call = this.next(now); call !== undefined; call = this.next(now)) {
      bytes += operation.sizeOf(call.lastWaiting()?.args as never);
      if (taken.length > 0 && (call.alone || bytes > operation.maxBytes)) {
        break;
      }
      this.removeNext(now);
      taken.push(call);
      if (call.alone || taken.length >= rows) {
        break;
      }
    }
    return taken;
  }

  /** All calls that wait. */
  takeAll(now: number): AnyCall[] {
    const taken: AnyCall[] = [];
    for (let call = this.next(now); call !== undefined; call = this.next(now)) {
      this.removeNext(now);
      taken.push(call);
    }
    return taken;
  }

  /** Those that count against the concurrency of the operation. */
  private get counted(): Batch[] {
    return this.inFlight.filter(({ slow }) => !slow);
  }

  /** The next call that can still be answered; those before it leave the queue. */
  private next(now: number): AnyCall | undefined {
    this.dropSettled();
    for (let call = this.peek(now); call !== undefined; call = this.peek(now)) {
      const waiting = call.lastWaiting();
      if (waiting !== undefined && waiting.deadline - now >= this.expectedTime) {
        return call;
      }
      this.removeNext(now);
      if (waiting === undefined) {
        this.events.onDropped(call);
      } else {
        this.overloaded(now);
        this.events.onTooLate(call);
      }
    }
    return undefined;
  }

  /** Settled calls are the oldest, and would stay behind if the newest go first. */
  private dropSettled(): void {
    for (let call = this.pending.first(); call !== undefined; call = this.pending.first()) {
      if (call.lastWaiting() !== undefined) {
        return;
      }
      this.pending.shift();
      this.events.onDropped(call);
    }
  }

  private peek(now: number): AnyCall | undefined {
    return now < this.overloadedUntil ? this.pending.last() : this.pending.first();
  }

  private removeNext(now: number): void {
    const call = now < this.overloadedUntil ? this.pending.pop() : this.pending.shift();
    if (call !== undefined) {
      call.queued = false;
    }
  }
}
