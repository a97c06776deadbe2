import type { PostgresSessionModuleOptions } from '../../lib/index.js';

/** What the parent tells a worker process. */
export interface WorkerSettings {
  /** Tells the values of one process from those of another. */
  id: number;
  connectionString: string;
  /** Whether the application lends the store its pool. */
  lent: boolean;
  /** Whether the application does on that pool whatever an application may do. */
  neighbours: boolean;
  store: Pick<PostgresSessionModuleOptions, 'tableName' | 'batching'>;
  keys: string[];
  /** Callers at once. */
  workers: number;
  milliseconds: number;
  /** Calls to make even if that takes longer. */
  fewestCalls: number;
  /** `process.hrtime.bigint()` of the parent; that clock is one for the whole system. */
  clockBase: string;
  /** The file to write the calls to, as lines of JSON. */
  output: string;
}
