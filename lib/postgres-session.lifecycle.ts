import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';
import { Batcher } from './batching/batcher.js';
import { buildOperations, type Operations } from './operations/index.js';
import type { BatchLimits } from './operations/shared.js';
import { attended, checkClient, connect } from './pool/connect.js';
import { SessionFailurePolicy } from './pool/failure-policy.js';
import type { PoolLog } from './pool/pool-monitor.js';
import { checkServer } from './pool/server-check.js';
import { SessionPool } from './pool/session-pool.js';
import { planSettings } from './pool/session-setup.js';
import type { SessionStoreStats } from './interfaces/session-store-stats.interface.js';
import type { ResolvedOptions } from './postgres-session.options.js';
import { destroySocket } from './protocol/driver-internals.js';
import { checkSchema, ensureSchema } from './sql/schema-init.js';
import { sortsAsUtf8 } from './sql/encodings.js';
import { buildStatements, type Statements } from './sql/statements.js';
import type { TableLayout } from './sql/table-layout.js';
import { TIMINGS } from './timings.js';
import { unlessAborted } from './utils/abort-signal.js';
import { asError, messageOf } from './utils/errors.js';

/** What is known once the store has started. */
export interface StartedStore {
  readonly calls: Batcher;
  readonly layout: TableLayout;
  readonly statements: Statements;
  readonly operations: Operations;
  readonly hasOwner: boolean;
  readonly mayTruncate: boolean;
}

type Stopper = (timeout: number) => Promise<void>;

/** The one order in which a store and its cleanup start and stop, and what they share. */
export class PostgresSessionLifecycle {
  readonly pool: SessionPool;
  private readonly batcher: Batcher;
  private readonly log = logOutsideOfCalls();
  private readonly stopping = new AbortController();
  private readonly policy: SessionFailurePolicy;
  private started: StartedStore | undefined;
  private starting: Promise<StartedStore> | undefined;
  /** Calls that wait for the start. While there are any, later ones go behind them. */
  private waiting = 0;
  /** Why the first start failed, as long as none has succeeded. */
  private firstFailure: Error | undefined;
  private closing: Promise<void> | undefined;
  private stopper: Stopper | undefined;

  constructor(
    pool: Pool,
    readonly options: ResolvedOptions,
    owned: boolean,
  ) {
    const { operationTimeout, maxQueue } = options;
    this.pool = new SessionPool(pool, {
      ...options,
      owned,
      log: this.log,
    });
    this.policy = new SessionFailurePolicy({
      operationTimeout,
      maxQueue,
      renewConnections: () => this.pool.renew(),
    });
    this.batcher = new Batcher(this.pool, this.policy, {
      timeout: operationTimeout,
      maxQueue,
      readOnly: options.readOnly,
    });
  }

  get isClosed(): boolean {
    return this.closing !== undefined;
  }

  get maxTtl(): number | undefined {
    return this.options.maxTtl;
  }

  stats(): SessionStoreStats {
    const { pool } = this.pool;
    const { calls, callsInFlight, batches } = this.batcher.load;
    const unclosed = this.started === undefined ? 'starting' : 'ready';
    return {
      state: this.isClosed ? 'closed' : unclosed,
      pool: {
        total: pool.totalCount,
        idle: pool.idleCount,
        waiting: pool.waitingCount,
        max: pool.options.max,
      },
      calls: {
        queued: this.waiting + calls - callsInFlight,
        inFlight: callsInFlight,
        maxQueue: this.options.maxQueue,
      },
      statements: { inFlight: batches },
    };
  }

  /** Throws if the store shall only read. */
  checkMayWrite(): void {
    if (this.options.readOnly) {
      throw this.policy.readOnly();
    }
  }

  /** Throws if that many more calls would be more than may wait. */
  checkRoomFor(count: number): void {
    if (!this.batcher.hasRoomFor(count)) {
      throw this.policy.overloaded();
    }
  }

  /** Does work that needs the store, and starts it if need be. Calls go in the order they were made. */
  whenStarted<T>(work: (started: StartedStore) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.started !== undefined && this.waiting === 0) {
      return work(this.started);
    }
    if (signal?.aborted) {
      return Promise.reject(signal.reason as Error);
    }
    if (this.waiting >= this.options.maxQueue) {
      return Promise.reject(this.policy.overloaded());
    }
    const done = this.afterStart((started) => {
      return signal?.aborted ? Promise.reject(signal.reason as Error) : work(started);
    });
    return signal === undefined ? done : unlessAborted(signal, done);
  }

  /** A call counts as waiting until its work begins, so that no later one overtakes it. */
  private afterStart<T>(work: (started: StartedStore) => Promise<T>): Promise<T> {
    this.waiting += 1;
    return this.start().then(
      (started) => {
        this.waiting -= 1;
        return work(started);
      },
      (error: unknown) => {
        this.waiting -= 1;
        throw error;
      },
    );
  }

  /** Connects, with retries, and makes or checks the table. One that failed may be tried again. */
  start(): Promise<StartedStore> {
    if (this.closing !== undefined) {
      return Promise.reject(this.policy.closed());
    }
    if (this.started !== undefined) {
      return Promise.resolve(this.started);
    }
    if (this.starting === undefined) {
      this.pool.attach();
    }
    this.starting ??= this.open().then(
      (started) => {
        this.started = started;
        this.starting = undefined;
        this.firstFailure = undefined;
        return started;
      },
      async (error: unknown) => {
        await this.pool.detach();
        this.starting = undefined;
        if (this.closing !== undefined) {
          throw this.policy.closed();
        }
        this.firstFailure ??= asError(error);
        throw this.firstFailure;
      },
    );
    return this.starting;
  }

  /** Runs before calls are refused; cleanup registers its own end here. */
  beforeClose(stopper: Stopper): void {
    this.stopper = stopper;
  }

  /**
   * Stops in this order: the sweep ends; new calls are refused; those in flight end, or are cut off after
   * `shutdownTimeout`; a pool of our own is ended. Idempotent.
   */
  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  private async open(): Promise<StartedStore> {
    const { options, pool } = this;
    const connecting = {
      ...options,
      timeout: options.operationTimeout ?? TIMINGS.CONNECT,
      signal: this.stopping.signal,
      onRetry: (attempt: number, error: unknown): void => this.warnOfRetry(attempt, error),
    };
    const layout = await connect(
      pool.pool,
      connecting,
      async (client, its) => {
        checkClient(client);
        await checkServer(pool.pool, client, its, options);
      },
      (client) => this.prepareTable(client),
    );
    this.stopping.signal.throwIfAborted();
    pool.planSettings = planSettings(layout.hasCitus);
    const statements = buildStatements(layout);
    const { hasOwner } = layout;
    const operations = buildOperations({
      statements,
      limits: batchLimits(options.batching, pool.capacity),
      hasOwner,
      sortsAsUtf8: sortsAsUtf8(layout.encoding),
      retryWrites: options.retryWrites,
    });
    return { calls: this.batcher, layout, statements, operations, hasOwner, mayTruncate: true };
  }

  private async prepareTable(client: PoolClient): Promise<TableLayout> {
    let layout: TableLayout;
    try {
      layout = await attended(client, this.stopping.signal, () => this.findOrMakeTable(client));
    } catch (error) {
      this.pool.throwAway(client);
      throw error;
    }
    client.release();
    return layout;
  }

  private findOrMakeTable(client: PoolClient): Promise<TableLayout> {
    const { options } = this;
    const bound = {
      answerTimeout: options.schemaLockTimeout + TIMINGS.SCHEMA_ANSWER,
      onUnanswered: () => destroySocket(client),
    };
    if (options.skipSchemaInit || options.readOnly) {
      return checkSchema(client, options, bound);
    }
    return ensureSchema(client, {
      ...bound,
      names: options.names,
      tableName: options.tableName,
      lockTimeout: options.schemaLockTimeout,
      phaseHook: options.phaseHook,
      onHookError: (phase, error) =>
        this.log.warn(`phaseHook threw at ${phase}: ${messageOf(error)}`),
    });
  }

  private async stop(): Promise<void> {
    const until = performance.now() + this.options.shutdownTimeout;
    const left = (): number => Math.max(0, until - performance.now());
    this.stopping.abort(this.policy.closed());
    await this.stopper?.(left());
    this.started = undefined;
    await this.batcher.close(left());
    await this.pool.close();
  }

  private warnOfRetry(attempt: number, error: unknown): void {
    const { retryAttempts, retryDelay } = this.options;
    this.log.warn(
      `PostgreSQL cannot be used yet (${messageOf(error)}). Retry ${attempt} of ${retryAttempts} in ${retryDelay} ms.`,
    );
  }
}

function batchLimits(batching: ResolvedOptions['batching'], capacity: number): BatchLimits {
  return batching === undefined
    ? { concurrency: capacity, maxRows: 1, maxBytes: Infinity, singleConcurrency: capacity }
    : { ...batching, singleConcurrency: capacity };
}

/** What is logged concerns many calls, so it belongs to the context of none of them. */
function logOutsideOfCalls(): PoolLog {
  const logger = new Logger('PostgresSession');
  return {
    debug: AsyncResource.bind((message: string) => logger.debug(message)),
    log: AsyncResource.bind((message: string) => logger.log(message)),
    warn: AsyncResource.bind((message: string) => logger.warn(message)),
  };
}
