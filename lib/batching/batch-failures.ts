import { backoff } from '../utils/backoff.js';
import type { AnyCall } from './call.js';
import type { AnyOperation, Batch, FailureAction, FailurePolicy, Lease } from './types.js';

/** Without a time bound, a call is given up after this many tries. */
const MOST_ATTEMPTS_WITHOUT_TIMEOUT = 20;

/** What the batcher does with calls of a failed batch. */
export interface CallActions {
  enqueue(leader: AnyCall): void;
  /** Somebody else holds a lock that it needs. */
  markLocked(leader: AnyCall): void;
  /** Rejects a call and its followers. */
  reject(leader: AnyCall, error: Error): void;
  /** Later calls on its keys may go. */
  end(leader: AnyCall): void;
  release(lease: Lease, operation: AnyOperation): void;
}

/** Does with the calls of a failed batch what the policy says: split it, try again, reject. */
export class BatchFailures {
  constructor(
    private readonly policy: FailurePolicy,
    private readonly hasTimeout: boolean,
    private readonly calls: CallActions,
  ) {}

  onFailed(batch: Batch, error: unknown): void {
    const { operation, leaders, lease } = batch;
    const action = this.policy.onBatchError(error, operation.repeatable, lease);
    if (action.discard) {
      this.discardConnection(batch, action);
      return;
    }
    this.calls.release(lease, operation);
    if (action.split && leaders.length > 1) {
      for (const leader of leaders) {
        leader.alone = true;
        this.calls.enqueue(leader);
      }
      return;
    }
    if (action.locked) {
      leaders.forEach((leader) => this.calls.markLocked(leader));
    }
    this.retryOrRejectAll(leaders, action);
  }

  onAcquireFailed(leaders: readonly AnyCall[], error: unknown): void {
    this.retryOrRejectAll(leaders, this.policy.onAcquireError(error));
  }

  /** A batch was not answered in its time. Its calls are tried again, as their operation allows. */
  giveUp(batch: Batch): void {
    const { operation, lease } = batch;
    const unanswered = this.policy.unanswered();
    const action = this.policy.onBatchError(unanswered, operation.repeatable, lease);
    this.discardConnection(batch, action);
  }

  /**
   * If a write may still be running, calls on its keys wait until it is certain that it is not: a late write
   * must not undo one that was acknowledged after it.
   */
  private discardConnection({ lease, operation, leaders }: Batch, action: FailureAction): void {
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
      leaders.forEach((leader) => this.calls.reject(leader, action.error));
    }
    void stopped.then(() => this.retryOrRejectAll(leaders, action));
  }

  private retryOrRejectAll(leaders: readonly AnyCall[], action: FailureAction): void {
    for (const leader of leaders) {
      if (leader.lastWaiting() === undefined) {
        this.calls.end(leader);
      } else {
        this.retryOrReject(leader, action);
      }
    }
  }

  private retryOrReject(leader: AnyCall, action: FailureAction): void {
    // A lock that somebody holds is no failure: without a time bound it is waited for as long as it takes.
    leader.attempts += action.locked ? 0 : 1;
    const mayRetry = this.hasTimeout || leader.attempts < MOST_ATTEMPTS_WITHOUT_TIMEOUT;
    if (!action.retry || !mayRetry) {
      this.calls.reject(leader, action.error);
      this.calls.end(leader);
      return;
    }
    leader.lastError = action.error;
    leader.followers?.forEach((follower) => {
      follower.lastError = action.error;
    });
    setTimeout(() => this.calls.enqueue(leader), backoff(leader.attempts));
  }
}
