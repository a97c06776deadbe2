import type {
  LastSweep,
  PostgresSessionCleanupService,
  SweepOptions,
  SweepReport,
} from '../index.js';
import { checkOptions, signalOf } from '../store/call-options.js';
import type { InMemorySessionStore } from './in-memory-session-store.js';

/** Stands for the cleanup of a store in memory: no job, and a sweep in one batch. */
export class InMemoryCleanup implements Pick<PostgresSessionCleanupService, 'sweep' | 'lastSweep'> {
  lastSweep: LastSweep | undefined;

  constructor(private readonly store: InMemorySessionStore) {}

  async sweep(options?: SweepOptions): Promise<SweepReport> {
    checkOptions('sweep', options);
    const signal = signalOf(options);
    const startedAt = new Date();
    const begun = performance.now();
    const deleted = signal?.aborted ? 0 : this.store.sweep();
    const report = {
      deleted,
      batches: Number(deleted > 0),
      skipped: false,
      durationMs: performance.now() - begun,
    };
    this.lastSweep = { ...report, startedAt };
    return report;
  }
}
