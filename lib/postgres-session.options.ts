import type { Pool, PoolConfig } from 'pg';
import type {
  BatchingOptions,
  CleanupOptions,
  PhaseHook,
  PostgresSessionModuleOptions,
} from './interfaces/postgres-session-module-options.interface.js';
import {
  flag,
  integer,
  invalid,
  isCron,
  isRecord,
  isTimeZone,
  refuseUnknown,
} from './option-checks.js';
import { PostgresSessionError } from './postgres-session.errors.js';
import {
  isSchemaName,
  isTableName,
  MAX_TABLE_NAME_BYTES,
  tableNames,
  type TableNames,
} from './sql/table-name.js';
import { MAX_IDENTIFIER_BYTES } from './sql/identifiers.js';
import { isAbortSignal } from './utils/abort-signal.js';

/** Every default of the module, once. Times are in milliseconds. */
export const DEFAULTS = {
  tableName: 'celeris_sessions',
  skipSchemaInit: false,
  schemaLockTimeout: 3_000,
  retryAttempts: 9,
  retryDelay: 3_000,
  shutdownTimeout: 5_000,
  operationTimeout: 5_000,
  preparedStatements: true,
  retryWrites: true,
  cleanup: { cron: '*/5 * * * *', batchSize: 1_000 },
  batching: { concurrency: 2, maxRows: 256, maxBytes: 1_048_576, maxQueue: 100_000 },
} as const;

export interface ResolvedCleanup extends CleanupOptions {
  cron: string;
  batchSize: number;
}

export interface ResolvedOptions {
  pool: Pool | undefined;
  connection: PoolConfig | undefined;
  /** As it was given, before folding. */
  tableName: string;
  names: TableNames;
  skipSchemaInit: boolean;
  schemaLockTimeout: number;
  phaseHook: PhaseHook | undefined;
  /** `undefined`: no job. The batch size is needed all the same, for `sweep()`. */
  cleanup: ResolvedCleanup | undefined;
  sweepBatchSize: number;
  retryAttempts: number;
  retryDelay: number;
  shutdownTimeout: number;
  /** `undefined`: no bound. */
  operationTimeout: number | undefined;
  batching: Required<BatchingOptions> | undefined;
  maxQueue: number;
  preparedStatements: boolean;
  retryWrites: boolean;
}

/** Checks every option and fills in the defaults. Throws `ERR_INVALID_OPTION`; sends nothing. */
export function resolveOptions(options: PostgresSessionModuleOptions): ResolvedOptions {
  if (!isRecord(options)) {
    throw invalid('options', options, 'an object with `pool` or `connection`');
  }
  refuseUnknown('', options, OPTION_NAMES);
  const cleanup = resolveCleanup(options.cleanup);
  const batching = resolveBatching(options.batching);
  const resolved: ResolvedOptions = {
    ...resolvePool(options),
    ...resolveNames(options),
    skipSchemaInit: flag('skipSchemaInit', options.skipSchemaInit, DEFAULTS.skipSchemaInit),
    schemaLockTimeout: integer(
      'schemaLockTimeout',
      options.schemaLockTimeout,
      1,
      DEFAULTS.schemaLockTimeout,
    ),
    phaseHook: resolvePhaseHook(options.phaseHook),
    cleanup,
    sweepBatchSize: cleanup?.batchSize ?? DEFAULTS.cleanup.batchSize,
    retryAttempts: integer('retryAttempts', options.retryAttempts, 0, DEFAULTS.retryAttempts),
    retryDelay: integer('retryDelay', options.retryDelay, 0, DEFAULTS.retryDelay),
    shutdownTimeout: integer(
      'shutdownTimeout',
      options.shutdownTimeout,
      0,
      DEFAULTS.shutdownTimeout,
    ),
    operationTimeout:
      options.operationTimeout === false
        ? undefined
        : integer(
            'operationTimeout',
            options.operationTimeout,
            1,
            DEFAULTS.operationTimeout,
            'or false',
          ),
    batching,
    maxQueue: batching?.maxQueue ?? DEFAULTS.batching.maxQueue,
    preparedStatements: flag(
      'preparedStatements',
      options.preparedStatements,
      DEFAULTS.preparedStatements,
    ),
    retryWrites: flag('retryWrites', options.retryWrites, DEFAULTS.retryWrites),
  };
  // Whoever prints the options shall not see a password in them.
  return Object.defineProperties(resolved, {
    pool: { enumerable: false },
    connection: { enumerable: false },
  });
}

const OPTION_NAMES = new Set<string>([
  'pool',
  'connection',
  'schema',
  'tableName',
  'skipSchemaInit',
  'schemaLockTimeout',
  'phaseHook',
  'cleanup',
  'retryAttempts',
  'retryDelay',
  'shutdownTimeout',
  'operationTimeout',
  'batching',
  'preparedStatements',
  'retryWrites',
  // Extras of `forRoot`, which hands over one object for both.
  'name',
  'isGlobal',
] satisfies Array<keyof PostgresSessionModuleOptions | 'name' | 'isGlobal'>);
const CLEANUP_NAMES = new Set(['cron', 'timeZone', 'batchSize', 'signal']);
const BATCHING_NAMES = new Set(['concurrency', 'maxRows', 'maxBytes', 'maxQueue']);

function resolvePool({ pool, connection }: PostgresSessionModuleOptions): {
  pool: Pool | undefined;
  connection: PoolConfig | undefined;
} {
  if ((pool === undefined) === (connection === undefined)) {
    throw new PostgresSessionError(
      'ERR_INVALID_OPTION',
      pool === undefined
        ? 'Neither `pool` nor `connection` is given: give `pool` (a pg.Pool of the application) or `connection` (a connection string or pg.PoolConfig).'
        : 'Both `pool` and `connection` are given: give one of them.',
    );
  }
  if (pool !== undefined) {
    if (!isRecord(pool) || typeof pool.connect !== 'function' || typeof pool.on !== 'function') {
      throw invalid('pool', pool, 'a pg.Pool');
    }
    return { pool, connection: undefined };
  }
  if (typeof connection === 'string' && connection !== '') {
    return { pool: undefined, connection: { connectionString: connection } };
  }
  if (!isRecord(connection)) {
    // The value may hold a password, so the message names its type alone.
    throw invalid(
      'connection',
      undefined,
      'a non-empty connection string or a pg.PoolConfig',
      typeof connection,
    );
  }
  return { pool: undefined, connection };
}

export function resolveNames({
  tableName,
  schema,
}: Pick<PostgresSessionModuleOptions, 'schema' | 'tableName'>): Pick<
  ResolvedOptions,
  'tableName' | 'names'
> {
  const table = tableName === undefined ? DEFAULTS.tableName : tableName;
  if (typeof table !== 'string' || !isTableName(table)) {
    throw invalid(
      'tableName',
      table,
      `a name that matches [A-Za-z_][A-Za-z0-9_]* of at most ${MAX_TABLE_NAME_BYTES} bytes, so that its index names stay within ${MAX_IDENTIFIER_BYTES}`,
    );
  }
  if (schema !== undefined && (typeof schema !== 'string' || !isSchemaName(schema))) {
    throw invalid(
      'schema',
      schema,
      `a name that matches [A-Za-z_][A-Za-z0-9_]* of at most ${MAX_IDENTIFIER_BYTES} bytes`,
    );
  }
  return { tableName: table, names: tableNames(table, schema) };
}

function resolvePhaseHook(hook: PhaseHook | undefined): PhaseHook | undefined {
  if (hook !== undefined && typeof hook !== 'function') {
    throw invalid('phaseHook', hook, 'a function');
  }
  return hook;
}

function resolveCleanup(cleanup: false | CleanupOptions | undefined): ResolvedCleanup | undefined {
  if (cleanup === false) {
    return undefined;
  }
  const given = cleanup === undefined ? {} : cleanup;
  if (!isRecord(given)) {
    throw invalid('cleanup', given, 'false or { cron, timeZone, batchSize, signal }');
  }
  refuseUnknown('cleanup.', given, CLEANUP_NAMES);
  const { cron = DEFAULTS.cleanup.cron, timeZone, signal } = given;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalid('cleanup.signal', signal, 'an AbortSignal');
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    throw invalid('cleanup.timeZone', timeZone, 'an IANA time zone such as "Europe/Berlin"');
  }
  if (!isCron(cron)) {
    throw invalid('cleanup.cron', cron, 'a cron expression of five or six fields');
  }
  const batchSize = integer('cleanup.batchSize', given.batchSize, 1, DEFAULTS.cleanup.batchSize);
  return { ...given, cron, batchSize };
}

function resolveBatching(
  batching: false | BatchingOptions | undefined,
): Required<BatchingOptions> | undefined {
  if (batching === false) {
    return undefined;
  }
  const given = batching === undefined ? {} : batching;
  if (!isRecord(given)) {
    throw invalid('batching', given, 'false or { concurrency, maxRows, maxBytes, maxQueue }');
  }
  refuseUnknown('batching.', given, BATCHING_NAMES);
  const limit = (name: keyof typeof DEFAULTS.batching): number =>
    integer(`batching.${name}`, given[name], 1, DEFAULTS.batching[name]);
  return {
    concurrency: limit('concurrency'),
    maxRows: limit('maxRows'),
    maxBytes: limit('maxBytes'),
    maxQueue: limit('maxQueue'),
  };
}
