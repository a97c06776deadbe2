import { AsyncResource } from 'node:async_hooks';
import type {
  PhaseHook,
  PostgresSessionModuleOptions,
} from './interfaces/postgres-session-module-options.interface.js';
import { checkWhere, connection, pool } from './connection-options.js';
import {
  cron,
  flag,
  integerFrom,
  integerOrFalse,
  invalid,
  isRecord,
  kindOf,
  option,
  resolveTable,
  signal,
  tableOrFalse,
  timeZone,
  type Check,
  type OptionTable,
  type Resolved,
} from './option-checks.js';
import { PostgresSessionError } from './postgres-session.errors.js';
import type { Pooler } from './pool/server-facts.js';
import { MAX_TTL_MS } from './timings.js';
import { MAX_IDENTIFIER_BYTES } from './sql/identifiers.js';
import {
  isSchemaName,
  isTableName,
  MAX_TABLE_NAME_BYTES,
  tableNames,
  type TableNames,
} from './sql/table-name.js';

const schema: Check<string | undefined> = (name, given) => {
  if (typeof given !== 'string' || !isSchemaName(given)) {
    throw invalid(name, given, `${IDENTIFIER} of at most ${MAX_IDENTIFIER_BYTES} bytes`);
  }
  return given;
};

const tableName: Check<string> = (name, given) => {
  if (typeof given !== 'string' || !isTableName(given)) {
    throw invalid(
      name,
      given,
      `${IDENTIFIER} of at most ${MAX_TABLE_NAME_BYTES} bytes, so that its index names stay within ${MAX_IDENTIFIER_BYTES}`,
    );
  }
  return given;
};

const maxTtl: Check<number | undefined> = integerFrom(1, MAX_TTL_MS);

const IDENTIFIER = 'a name that matches [A-Za-z_][A-Za-z0-9_]*';

const pooler: Check<Pooler | false | undefined> = (name, given) => {
  if (given !== 'transaction' && given !== 'session' && given !== false) {
    throw invalid(name, given, "'transaction', 'session' or false");
  }
  return given;
};

const flagOrDefault: Check<boolean | undefined> = flag;

const phaseHook: Check<PhaseHook | undefined> = (name, given) => {
  if (typeof given !== 'function') {
    throw invalid(name, given, 'a function');
  }
  // The start may be caused by a call, whose context is none of the hook's business.
  return AsyncResource.bind(given as PhaseHook);
};

const CLEANUP = {
  cron: option(cron, '*/5 * * * *', 'when to sweep'),
  timeZone: option(timeZone, undefined, 'of `cron`', "the process's"),
  batchSize: option(integerFrom(1), 1_000, 'rows that a page of a sweep deletes'),
  signal: option(signal, undefined, 'ends cleanup for good', 'none'),
} as const satisfies OptionTable;

const BATCHING = {
  concurrency: option(integerFrom(1), 2, 'batches of one operation in flight at once'),
  maxRows: option(integerFrom(1), 256, 'calls that a batch carries'),
  maxBytes: option(integerFrom(1), 1_048_576, 'bytes of values that a batch carries'),
  maxQueue: option(integerFrom(1), 100_000, 'calls that may be pending in all'),
} as const satisfies OptionTable;

/** Every option of the module, once. Times are in milliseconds. The README's table is made of it. */
export const OPTIONS = {
  pool: option(
    pool,
    undefined,
    'a `pg.Pool` of the application: used, never ended',
    'one of the two is required',
  ),
  connection: option(
    connection,
    undefined,
    'a connection string or `pg.PoolConfig`; the module makes the pool and ends it',
    '',
  ),
  schema: option(schema, undefined, 'PostgreSQL schema; it must exist', 'the search path'),
  tableName: option(
    tableName,
    'celeris_sessions',
    'name of the table, folded to lower case',
    '`celeris_sessions`',
  ),
  skipSchemaInit: option(
    flag,
    false,
    'issue no DDL; check the table instead, and say what is missing',
    '`false`',
  ),
  schemaLockTimeout: option(integerFrom(1), 3_000, 'ms, bound on every lock wait of schema init'),
  phaseHook: option(phaseHook, undefined, 'called with each phase of schema init', 'none'),
  cleanup: option(
    tableOrFalse(CLEANUP),
    resolveTable(CLEANUP, {}),
    '`false`, or `{ cron, timeZone, batchSize, signal }`',
    'every 5 minutes, 1000 rows',
  ),
  retryAttempts: option(integerFrom(0), 9, 'how often connecting at start-up is tried again'),
  retryDelay: option(integerFrom(0), 3_000, 'ms between those tries'),
  shutdownTimeout: option(
    integerFrom(0),
    5_000,
    'ms that shutdown waits for calls in flight before it cuts them off',
  ),
  operationTimeout: option(
    integerOrFalse(1),
    5_000,
    'ms within which a call settles, waiting and retries included; of a call in pages, each page; `false` for no bound',
  ),
  maxTtl: option(
    maxTtl,
    undefined,
    'ms; a longer expiry, and "no expiry", is cut to it in every method',
    'none',
  ),
  batching: option(
    tableOrFalse(BATCHING),
    resolveTable(BATCHING, {}),
    '`false`, or `{ concurrency, maxRows, maxBytes, maxQueue }`',
    '2, 256, 1 MiB, 100000',
  ),
  pooler: option(
    pooler,
    undefined,
    "`'transaction'` or `'session'`: the mode of the pooler in between, `false` if there is none",
    'found out where the process id tells',
  ),
  preparedStatements: option(
    flagOrDefault,
    undefined,
    "`false` for a pooler that cannot hold named statements, `true` beside `pooler: 'transaction'` for one that can",
    "`true`; `false` with `pooler: 'transaction'`",
  ),
  readOnly: option(
    flag,
    false,
    '`true` for a standby: gets and scans only, every write rejects with `ERR_READ_ONLY`; no DDL, no cleanup job, and a sweep is skipped',
    '`false`',
  ),
  retryWrites: option(
    flag,
    true,
    '`false`: a write that was sent and not answered rejects with `ERR_OUTCOME_UNKNOWN`, and never runs twice',
    '`true`',
  ),
} as const satisfies OptionTable & Record<keyof PostgresSessionModuleOptions, OptionTable[string]>;

type Given = Resolved<typeof OPTIONS>;

export interface ResolvedOptions extends Omit<Given, 'schema' | 'preparedStatements'> {
  readonly preparedStatements: boolean;
  readonly names: TableNames;
  /** Needed without a job too, for `sweep()`. */
  readonly sweepBatchSize: number;
  /** Holds without batching too. */
  readonly maxQueue: number;
}

/** Checks every option and fills in the defaults. Throws `ERR_INVALID_OPTION`; sends nothing. */
export function resolveOptions(options: PostgresSessionModuleOptions): ResolvedOptions {
  if (!isRecord(options)) {
    const allowed = 'an object with `pool` or `connection`';
    throw invalid('options', undefined, allowed, kindOf(options));
  }
  for (const name of ['name', 'isGlobal']) {
    if (Reflect.get(options, name) !== undefined) {
      throw new PostgresSessionError(
        'ERR_INVALID_OPTION',
        `Option \`${name}\` is answered by a factory, when it is too late for it: give it to forRootAsync itself.`,
      );
    }
  }
  const { schema: schemaName, ...resolved } = resolveTable(OPTIONS, options);
  checkWhere(options, resolved);
  const complete: ResolvedOptions = {
    ...resolved,
    cleanup: resolved.readOnly ? undefined : resolved.cleanup,
    preparedStatements: resolved.preparedStatements ?? resolved.pooler !== 'transaction',
    names: tableNames(resolved.tableName, schemaName),
    sweepBatchSize: resolved.cleanup?.batchSize ?? CLEANUP.batchSize.fallback,
    maxQueue: resolved.batching?.maxQueue ?? BATCHING.maxQueue.fallback,
  };
  // Whoever prints the options shall not see a password in them.
  return Object.defineProperties(complete, {
    pool: { enumerable: false },
    connection: { enumerable: false },
  });
}
