import type { FactoryProvider, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { Pool, PoolConfig } from 'pg';

/** Called with each phase of schema init, in order. What it throws is logged and changes nothing. */
export type PhaseHook = (phase: string) => void;

export interface CleanupOptions {
  /** When to sweep: a cron expression of five or six fields. Default: every 5 minutes. */
  cron?: string;
  /** IANA time zone of `cron`. Default: the process's. */
  timeZone?: string;
  /** Rows a statement deletes at most. Default: 1,000. */
  batchSize?: number;
  /** Ends cleanup for good when it aborts. celeris: `CleanupContext`. */
  signal?: AbortSignal;
}

export interface BatchingOptions {
  /** Batches of one operation (gets, sets, …) in flight at once. Default: 2. */
  concurrency?: number;
  /** Calls that one batch carries at most. Default: 256. */
  maxRows?: number;
  /** Bytes of values that one batch carries at most; a larger single value travels alone. Default: 1 MiB. */
  maxBytes?: number;
  /** Calls that may be pending or in flight; beyond it a call rejects with `ERR_OVERLOADED`. Default: 100,000. */
  maxQueue?: number;
}

export interface PostgresSessionModuleOptions {
  /** A pool that the application owns: used, never ended. One of `pool` and `connection` is required. */
  pool?: Pool;
  /** Pool settings, a connection string or its `URL`. The module makes the pool and ends it at shutdown. */
  connection?: PoolConfig | string | URL;
  /** PostgreSQL schema of the table; it must exist. Default: the connection's search path. */
  schema?: string;
  /** `[A-Za-z_][A-Za-z0-9_]*`, folded to lower case. Default: `celeris_sessions`. celeris: `TableName`. */
  tableName?: string;
  /** Issue no DDL; check the table's columns instead. Default: `false`. celeris: `SkipSchemaInit`. */
  skipSchemaInit?: boolean;
  /** Milliseconds, the bound on every lock wait of schema init. Default: 3,000. */
  schemaLockTimeout?: number;
  /** Default: none. celeris: `PhaseHook`. */
  phaseHook?: PhaseHook;
  /** `false` for no job; `sweep()` still works. Default: every 5 minutes. celeris: `CleanupInterval`. */
  cleanup?: false | CleanupOptions;
  /** How often connecting at start-up is tried again. Default: 9. */
  retryAttempts?: number;
  /** Milliseconds between those tries. Default: 3,000. */
  retryDelay?: number;
  /** Milliseconds that shutdown waits for calls under way before it cuts them off. Default: 5,000. */
  shutdownTimeout?: number;
  /**
   * Milliseconds within which every call settles, waiting and tries included; later it rejects with
   * `ERR_TIMEOUT`. `false` for no bound. Default: 5,000.
   */
  operationTimeout?: number | false;
  /**
   * Milliseconds. A longer expiry, and "no expiry", is cut to it in every method of the store and its views.
   * Default: none.
   */
  maxTtl?: number;
  /** `false` sends every call alone, in single-key statements. Default: on. */
  batching?: false | BatchingOptions;
  /**
   * What stands between the store and PostgreSQL: a pooler that gives a backend for a `transaction` or for a
   * `session`, or `false` for none. Nothing of the session is used through the first, and no backend is ended through
   * either. Default: found out by the process id, which some poolers forward (RDS Proxy, Odyssey, pgpool-II).
   */
  pooler?: 'transaction' | 'session' | false;
  /**
   * `false` for a pooler that cannot hold named statements; `true` beside `pooler: 'transaction'` for one that can.
   * Default: `true`, and `false` with `pooler: 'transaction'`.
   */
  preparedStatements?: boolean;
  /**
   * `true` for a standby: gets and scans only, and every write rejects with `ERR_READ_ONLY` before it is sent. No
   * DDL is issued, there is no cleanup job, and `sweep()` resolves with `skipped: true`. Default: `false`.
   */
  readOnly?: boolean;
  /**
   * Whether `set`, `setIfPresent`, `touch`, `delete`, `setMany`, `deleteMany`, `deletePrefix` and `deleteOwner` are tried again
   * when the connection broke after they were sent. With `false` they reject with `ERR_OUTCOME_UNKNOWN`
   * instead. Default: `true`.
   */
  retryWrites?: boolean;
}

export interface PostgresSessionModuleExtras {
  /** Tells several stores of one application apart. Default: the unnamed store. */
  name?: string;
  /** Default: `false`. */
  isGlobal?: boolean;
}

/** What `useClass` and `useExisting` of `forRootAsync` implement. */
export interface PostgresSessionOptionsFactory {
  createPostgresSessionOptions():
    PostgresSessionModuleOptions | Promise<PostgresSessionModuleOptions>;
}

/** One of `useFactory`, `useClass` and `useExisting` is required. */
export interface PostgresSessionModuleAsyncOptions extends PostgresSessionModuleExtras {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  useFactory?: FactoryProvider<PostgresSessionModuleOptions>['useFactory'];
  useClass?: Type<PostgresSessionOptionsFactory>;
  useExisting?: Type<PostgresSessionOptionsFactory>;
  /** Providers to add to the module, for `inject` to find. */
  extraProviders?: Provider[];
}
