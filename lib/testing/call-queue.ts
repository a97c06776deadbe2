import type { KeyValueStore } from '../interfaces/key-value-store.interface.js';
import { overloaded, storeClosed } from '../postgres-session.errors.js';

/** A method that reads or writes entries. */
export type StoreMethod = Exclude<keyof KeyValueStore, 'namespace'>;

interface PendingCall {
  /** For how many calls it counts. */
  readonly size: number;
  run(): void;
  reject(error: unknown): void;
}

interface PlannedFailure {
  readonly error: unknown;
  /** Absent: any. */
  readonly method: StoreMethod | undefined;
  /** Calls that are still to fail. */
  times: number;
}

export interface SubmitOptions {
  readonly signal?: AbortSignal;
  readonly size?: number;
}

/**
 * Runs calls one after the other in the order they were made, each in a later microtask than the one in which it
 * was made: so a call can be aborted, held back or made to fail, and fake timers stop none.
 */
export class CallQueue {
  private readonly pending = new Set<PendingCall>();
  private readonly holds = new Set<symbol>();
  private failures: PlannedFailure[] = [];
  private pendingSize = 0;
  private isDraining = false;
  private isClosed = false;

  constructor(readonly maxQueue: number) {}

  /** @param work what the call does; what it throws rejects the call. */
  submit<T>(
    method: StoreMethod,
    work: () => T,
    { signal, size = 1 }: SubmitOptions = {},
  ): Promise<T> {
    if (this.isClosed) {
      return Promise.reject(storeClosed());
    }
    if (signal?.aborted) {
      return Promise.reject(signal.reason as Error);
    }
    if (this.pendingSize + size > this.maxQueue) {
      return Promise.reject(overloaded(this.maxQueue));
    }
    const failure = this.takeFailure(method);
    return new Promise<T>((resolve, reject) => {
      const call: PendingCall = {
        size,
        run: () => {
          signal?.removeEventListener('abort', abort);
          try {
            if (failure !== undefined) {
              throw failure.error;
            }
            resolve(work());
          } catch (error) {
            call.reject(error);
          }
        },
        reject,
      };
      const abort = (): void => {
        this.remove(call);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.pending.add(call);
      this.pendingSize += size;
      this.drainSoon();
    });
  }

  /** Lets the next `times` calls fail, those of one method or all. */
  failNext(error: unknown, times: number, method: StoreMethod | undefined): void {
    this.failures.push({ error, times, method });
  }

  forgetFailures(): void {
    this.failures = [];
  }

  /** Runs no call until what it returns is called. */
  hold(): () => void {
    const held = Symbol('hold');
    this.holds.add(held);
    return () => {
      this.holds.delete(held);
      this.drainSoon();
    };
  }

  /** Refuses new calls. Resolves once those made before have ended; while they are held, they are cut off. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.holds.size > 0) {
      for (const call of this.pending) {
        this.remove(call);
        call.reject(storeClosed());
      }
    }
    while (this.pending.size > 0) {
      await Promise.resolve();
    }
  }

  private drainSoon(): void {
    if (!this.isDraining) {
      this.isDraining = true;
      void Promise.resolve().then(() => this.drain());
    }
  }

  private drain(): void {
    this.isDraining = false;
    for (const call of this.pending) {
      if (this.holds.size > 0) {
        return;
      }
      this.remove(call);
      call.run();
    }
  }

  private remove(call: PendingCall): void {
    this.pending.delete(call);
    this.pendingSize -= call.size;
  }

  private takeFailure(method: StoreMethod): PlannedFailure | undefined {
    const failure = this.failures.find(
      (each) => each.method === undefined || each.method === method,
    );
    if (failure !== undefined) {
      failure.times -= 1;
      this.failures = this.failures.filter(({ times }) => times > 0);
    }
    return failure;
  }
}
