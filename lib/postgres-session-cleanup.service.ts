import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Cron, type SchedulerRegistry } from '@nestjs/schedule';
import type { PostgresSessionEngine } from './postgres-session.engine.js';
import { PostgresSessionError } from './postgres-session.errors.js';
import { Sweeper, type SweepReport } from './postgres-session.sweeper.js';
import { describeThrown } from './thrown.js';
import { within } from './within.js';

export interface SweepOptions {
  /** Ends the sweep after the batch under way; it then resolves with what was done. */
  signal?: AbortSignal;
}

/** What a cleanup service is made with. */
export interface CleanupSetup {
  readonly engine: PostgresSessionEngine;
  /** Where the application has a scheduler. */
  readonly scheduler: SchedulerRegistry | undefined;
  readonly jobName: string;
}

/**
 * Deletes a store's expired entries, by cron and on demand. Its class is the injection token of the
 * unnamed store's cleanup. Seed: `cleanupLoop`.
 */
export class PostgresSessionCleanupService implements OnApplicationBootstrap {
  readonly #setup: CleanupSetup;
  readonly #logger = new Logger('PostgresSession');
  readonly #end = new AbortController();
  #running: Promise<SweepReport> | undefined;

  constructor(setup: CleanupSetup) {
    this.#setup = setup;
    const { cleanup } = setup.engine.options;
    if (cleanup !== undefined) {
      if (setup.scheduler === undefined) {
        throw schedulerMissing();
      }
      this.#schedule(cleanup.cron, cleanup.timeZone);
      if (cleanup.signal?.aborted) {
        this.#endForGood();
      } else {
        cleanup.signal?.addEventListener('abort', this.#endForGood, { once: true });
      }
    }
    setup.engine.beforeClose((timeout) => this.#stop(timeout));
  }

  onApplicationBootstrap(): void {
    if (this.#end.signal.aborted) {
      this.#removeJob();
    }
  }

  /**
   * Deletes every expired entry, in batches of `cleanup.batchSize`, oldest first. Resolves with
   * `skipped: true` where another sweep of the table is under way, in this process or in another.
   */
  async sweep({ signal }: SweepOptions = {}): Promise<SweepReport> {
    const { engine } = this.#setup;
    const { layout, statements } = engine.started;
    if (this.#running !== undefined) {
      return { deleted: 0, batches: 0, skipped: true, durationMs: 0 };
    }
    const signals = signal === undefined ? [this.#end.signal] : [this.#end.signal, signal];
    const sweeper = new Sweeper(
      engine.connections,
      statements,
      layout,
      engine.options.sweepBatchSize,
    );
    const begun = performance.now();
    this.#running = sweeper
      .sweep(AbortSignal.any(signals))
      .then((report) => ({ ...report, durationMs: performance.now() - begun }));
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** What the cron job runs. A sweep that fails is logged; the next tick tries again. */
  async tick(): Promise<void> {
    if (this.#end.signal.aborted) {
      return;
    }
    try {
      await this.sweep();
    } catch (error) {
      if (!this.#setup.engine.isClosed) {
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

  readonly #endForGood = (): void => {
    this.#end.abort();
    this.#removeJob();
  };

  #removeJob(): void {
    const { scheduler, jobName } = this.#setup;
    if (scheduler?.doesExist('cron', jobName) === true) {
      scheduler.deleteCronJob(jobName);
    }
  }

  /** No new sweep, and the one under way ends, or is left behind after `timeout` ms. */
  async #stop(timeout: number): Promise<void> {
    this.#setup.engine.options.cleanup?.signal?.removeEventListener('abort', this.#endForGood);
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
