import type { BatchQueue } from './batch-queue.js';
import type { Batch } from './types.js';

/**
 * How many connections batches may keep. Writes may wait for locks and for the disk, so at least half of the
 * connections stay free for reads; of those for writes, not all may wait for locks that others hold.
 */
export class ConnectionBudget {
  private readonly forWrites: number;
  private readonly forLockWaits: number;
  private readsAcquiring = 0;
  private writesAcquiring = 0;

  constructor(private readonly capacity: number) {
    this.forWrites = Math.max(1, Math.floor(capacity / 2));
    this.forLockWaits = Math.max(1, Math.floor(this.forWrites / 2));
  }

  get acquiring(): number {
    return this.readsAcquiring + this.writesAcquiring;
  }

  /** A connection is being acquired, or is not any more. */
  acquire(writes: boolean, change: 1 | -1): void {
    if (writes) {
      this.writesAcquiring += change;
    } else {
      this.readsAcquiring += change;
    }
  }

  /** Whether one more connection may be acquired for a queue. */
  allows({ operation, waitsForLocks }: BatchQueue, inFlight: ReadonlySet<Batch>): boolean {
    if (connectionsOf(inFlight, () => true) + this.acquiring >= this.capacity) {
      return false;
    }
    if (!operation.writes) {
      return true;
    }
    const writing = connectionsOf(inFlight, (batch) => batch.operation.writes);
    if (writing + this.writesAcquiring >= this.forWrites) {
      return false;
    }
    return !waitsForLocks || connectionsOf(inFlight, isLockWait) < this.forLockWaits;
  }
}

function isLockWait({ waitsForLocks }: Batch): boolean {
  return waitsForLocks;
}

/** Batches may share a connection. */
function connectionsOf(inFlight: ReadonlySet<Batch>, counts: (batch: Batch) => boolean): number {
  const leases = new Set();
  for (const batch of inFlight) {
    if (counts(batch)) {
      leases.add(batch.lease);
    }
  }
  return leases.size;
}
