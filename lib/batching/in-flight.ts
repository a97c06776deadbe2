import { TIMINGS } from '../timings.js';
import type { BatchQueue } from './batch-queue.js';
import type { Batch } from './types.js';

/**
 * The batches in flight and the connections that they keep. Writes may wait for locks and for the disk, so at
 * least half of the connections stay free for reads; of those for writes, not all may wait for locks that
 * others hold.
 */
export class InFlight {
  /** A `Set` would move to a new table now and then, and the old tables keep batches, calls and all in memory. */
  private readonly batches: Batch[] = [];
  private readonly forWrites: number;
  private readonly forLockWaits: number;
  /** Queues for which a connection is being acquired. */
  private acquiring: BatchQueue[] = [];
  /** When the latest batch that was answered had been sent. */
  private lastAnsweredSentAt = 0;

  constructor(
    private readonly capacity: number,
    /** Milliseconds that a batch may take; a write's own timeout on the server ends before. */
    private readonly timeout: number,
  ) {
    this.forWrites = Math.max(1, Math.floor(capacity / 2));
    this.forLockWaits = Math.max(1, Math.floor(this.forWrites / 2));
  }

  get size(): number {
    return this.batches.length;
  }

  list(): Batch[] {
    return this.batches.slice();
  }

  add(batch: Batch): void {
    this.batches.push(batch);
  }

  /** Returns whether it was still in flight. */
  delete(batch: Batch): boolean {
    const at = this.batches.indexOf(batch);
    if (at !== -1) {
      this.batches.splice(at, 1);
    }
    return at !== -1;
  }

  answered({ sentAt }: Batch): void {
    this.lastAnsweredSentAt = Math.max(this.lastAnsweredSentAt, sentAt);
  }

  startAcquiring(queue: BatchQueue): void {
    this.acquiring.push(queue);
  }

  endAcquiring(queue: BatchQueue): void {
    this.acquiring = this.acquiring.filter((other) => other !== queue);
  }

  /** Whether all connections are in use, or are being acquired. */
  get isSpent(): boolean {
    return this.used(() => true) >= this.capacity;
  }

  /** Whether one more connection may be acquired for a queue. */
  allows({ operation, waitsForLocks }: BatchQueue): boolean {
    return (
      !this.isSpent &&
      (!operation.writes || this.used((user) => user.operation.writes) < this.forWrites) &&
      (!waitsForLocks || this.used((user) => user.waitsForLocks) < this.forLockWaits)
    );
  }

  /** Marks those that are slow. Returns those whose connection has to be given up. */
  check(now: number): Batch[] {
    return this.batches.filter((batch) => {
      const age = now - batch.sentAt;
      batch.slow ||= age >= TIMINGS.SLOW_BATCH;
      const { bytesRead } = batch.lease;
      if (bytesRead !== batch.bytesSeen) {
        batch.bytesSeen = bytesRead;
        batch.bytesSeenAt = now;
      }
      const bound = this.timeout + (batch.operation.writes ? TIMINGS.ANSWER_MARGIN : 0);
      batch.forgotten = this.mayBeForgotten(batch, age);
      return age >= bound || batch.forgotten || this.isSilent(batch, now);
    });
  }

  /** A read on a dead connection: later ones were answered, and no byte arrives. */
  private isSilent({ operation, sentAt, bytesSeenAt }: Batch, now: number): boolean {
    return (
      !operation.writes &&
      this.lastAnsweredSentAt - sentAt >= TIMINGS.SILENT_CONNECTION &&
      now - bytesSeenAt >= TIMINGS.SILENT_CONNECTION
    );
  }

  /**
   * The first try of a read, without a byte of an answer, on a connection that had rested: a router may have
   * forgotten it, as routers do without a word. Under load connections do not rest, so a slow server is not met by
   * new ones.
   */
  private mayBeForgotten(
    { operation, leaders, lease, sentAt, bytesSeenAt, patience }: Batch,
    age: number,
  ): boolean {
    const isAlone = this.batches.length === 1 && lease.restedFor > 0;
    return (
      !operation.writes &&
      age >= patience &&
      bytesSeenAt === sentAt &&
      (isAlone || lease.restedFor >= TIMINGS.SILENT_CONNECTION) &&
      leaders.every(({ attempts }) => attempts === 0)
    );
  }

  /** Connections that are in use, or are being acquired, by whom it counts. Batches may share one. */
  private used(counts: (user: Batch | BatchQueue) => boolean): number {
    const leases = new Set();
    for (const batch of this.batches) {
      if (counts(batch)) {
        leases.add(batch.lease);
      }
    }
    return leases.size + this.acquiring.filter(counts).length;
  }
}
