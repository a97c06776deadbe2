import { Logger, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Cron, type SchedulerRegistry } from '@nestjs/schedule';
import { toSessionError } from '../pool/failure-policy.js';
import { PostgresSessionError, type PostgresSessionErrorCode } from '../postgres-session.errors.js';
import type { PostgresSessionLifecycle } from '../postgres-session.lifecycle.js';
import { checkOptions, signalOf } from '../store/call-options.js';
import { OnceForBothForms } from '../utils/both-forms.js';
import { onAbort } from '../utils/abort-signal.js';
import { describeThrown } from '../utils/errors.js';
import { within } from '../utils/timers.js';
import { Sweeper, type Sweep, type SweepReport } from './sweeper.js';

/** @publicApi */
export interface SweepOptions {
  /** Ends the sweep after the page in flight; it then resolves with what was done. */
  signal?: AbortSignal;
}

/**
 * The sweep that ended last: what it did, also if it failed on the way.
 *
 * @publicApi
 */
export interface LastSweep extends SweepReport {
  startedAt: Date;
  /** Why it failed. Absent: it did not. */
  error?: PostgresSessionErrorCode;
}

/**
 * What a cleanup service is made with.
 *
 * @internal
 */
export interface CleanupSetup {
  readonly lifecycle: PostgresSessionLifecycle;
  /** Where the application has a scheduler. */
  readonly scheduler: SchedulerRegistry | undefined;
  readonly jobName: string;
}

/**
 * Deletes a store's expired entries, by cron and on demand. Its class is the injection token of the
 * unnamed store's cleanup. celeris: `cleanupLoop`.
 *
 * @publicApi
 */
@OnceForBothForms('PostgresSessionCleanupService', Module)
export class PostgresSessionCleanupService implements OnApplicationBootstrap {
  readonly #setup: CleanupSetup;
  readonly #logger = new Logger('PostgresSession');
  readonly #end = new AbortController();
  #running: Promise<SweepReport> | undefined;
  #last: LastSweep | undefined;
  /** Ends the wait for the signal of the options. */
  #unwatch: (() => void) | undefined;

  /** @internal */
  constructor(setup: CleanupSetup) {
    this.#setup = setup;
    const { cleanup } = setup.lifecycle.options;
    if (cleanup !== undefined) {
      if (setup.scheduler === undefined) {
        throw schedulerMissing();
      }
      this.#schedule(cleanup.cron, cleanup.timeZone);
      if (cleanup.signal?.aborted) {
        this.#endForGood();
      } else if (cleanup.signal !== undefined) {
        this.#unwatch = onAbort(cleanup.signal, () => this.#endForGood());
      }
    }
    setup.lifecycle.beforeClose((timeout) => this.#stop(timeout));
  }

  onApplicationBootstrap(): void {
    if (this.#end.signal.aborted) {
      this.#removeJob();
    }
  }

  /** The sweep of this process that ended last, by cron or on demand; `undefined` before the first one has. */
  get lastSweep(): LastSweep | undefined {
    return this.#last;
  }

  /**
   * Deletes every expired entry, in batches of `cleanup.batchSize`, oldest first. Resolves with
   * `skipped: true` if another sweep of the table is under way, in this process or in another, if the store has
   * `readOnly: true`, and after `cleanup.signal` has ended cleanup.
   */
  async sweep(options?: SweepOptions): Promise<SweepReport> {
    checkOptions('sweep', options);
    const signal = signalOf(options);
    const { options: its, isClosed } = this.#setup.lifecycle;
    const hasEnded = this.#end.signal.aborted && !isClosed;
    if (this.#running !== undefined || hasEnded || its.readOnly) {
      return { deleted: 0, batches: 0, skipped: true, durationMs: 0 };
    }
    this.#running = this.#sweepAndRemember(signal);
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #sweepAndRemember(signal: AbortSignal | undefined): Promise<SweepReport> {
    const startedAt = new Date();
    const begun = performance.now();
    const done: Sweep = { deleted: 0, batches: 0, skipped: false };
    const report = (): SweepReport => ({ ...done, durationMs: performance.now() - begun });
    try {
      await this.#sweepOnce(done, signal);
    } catch (error) {
      this.#last = { ...report(), startedAt, error: toSessionError(error).code };
      throw error;
    }
    const swept = report();
    this.#last = { ...swept, startedAt };
    return swept;
  }

  /** Counts what it does in `done`. */
  async #sweepOnce(done: Sweep, signal: AbortSignal | undefined): Promise<void> {
    const { lifecycle } = this.#setup;
    const { statements, layout } = await lifecycle.start();
    const { sweepBatchSize } = lifecycle.options;
    const sweeper = new Sweeper(lifecycle.pool, statements, layout, sweepBatchSize);
    // Not by `AbortSignal.any`, which takes no signal of another realm.
    const either = new AbortController();
    const abort = (): void => either.abort();
    const signals = signal === undefined ? [this.#end.signal] : [this.#end.signal, signal];
    const unwatch = signals.map((each) => onAbort(each, abort));
    if (signals.some(({ aborted }) => aborted)) {
      abort();
    }
    try {
      await sweeper.sweep(done, either.signal);
    } finally {
      unwatch.forEach((stop) => stop());
    }
  }

  /**
   * What the cron job runs. A sweep that fails is logged; the next tick tries again.
   *
   * @internal
   */
  async tick(): Promise<void> {
    if (this.#end.signal.aborted) {
      return;
    }
    try {
      await this.sweep();
    } catch (error) {
      if (!this.#setup.lifecycle.isClosed) {
        this.#logger.error(`${this.#setup.jobName} failed: ${describeThrown(error)}`);
      }
    }
  }

  /**
   * `@Cron` on the method of one instance, since schedule and name are known only now. The scheduler
   * reads the decoration from the instance's own method.
   */
  #schedule(cron: string, timeZone: string | undefined): void {
    const tick = (): Promise<void> => PostgresSessionCleanupService.prototype.tick.call(this);
    const descriptor: TypedPropertyDescriptor<() => Promise<void>> = { value: tick };
    const options = { name: this.#setup.jobName, timeZone, waitForCompletion: true };
    Cron(cron, options)(this, 'tick', descriptor);
    this.tick = tick;
  }

  #endForGood(): void {
    this.#end.abort();
    this.#removeJob();
  }

  #removeJob(): void {
    const { scheduler, jobName } = this.#setup;
    if (scheduler?.doesExist('cron', jobName) === true) {
      scheduler.deleteCronJob(jobName);
    }
  }

  /** No new sweep, and the one under way ends, or is left behind after `timeout` ms. */
  async #stop(timeout: number): Promise<void> {
    this.#unwatch?.();
    this.#end.abort();
    if (this.#running !== undefined) {
      await within(timeout, this.#running.then(ignore, ignore));
    }
  }
}

function schedulerMissing(): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_SCHEDULER_MISSING',
    'Cleanup needs the scheduler of the application: import `ScheduleModule.forRoot()` once in its root module, or set `cleanup: false` and call `sweep()` yourself.',
  );
}

function ignore(): void {}
