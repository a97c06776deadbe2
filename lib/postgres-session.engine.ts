import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
import { Dispatcher } from './batching/dispatcher.js';
import { callKinds, type CallKinds } from './calls/call-kinds.js';
import { callLimits } from './calls/limits.js';
import { checkClient, connect } from './connection/connect.js';
import type { Connection } from './connection/connection.js';
import { Connections } from './connection/connections.js';
import { SessionFailurePolicy } from './connection/failure-policy.js';
import { PostgresSessionError } from './postgres-session.errors.js';
import type { ResolvedOptions } from './postgres-session.options.js';
import { checkSchema, ensureSchema } from './sql/schema-init.js';
import { buildStatements, type Statements } from './sql/statements.js';
import type { TableLayout } from './sql/table-layout.js';
import { messageOf } from './thrown.js';

/** What is known once the store has started. */
export interface StartedEngine {
  readonly layout: TableLayout;
  readonly statements: Statements;
  readonly kinds: CallKinds;
}

type Stopper = (timeout: number) => Promise<void>;

/**
 * What a store and its cleanup share: the pool, the dispatcher, the table's layout, and the one order in
 * which they start and stop.
 */
export class PostgresSessionEngine {
  readonly connections: Connections;
  readonly dispatcher: Dispatcher<Connection>;
  private readonly logger = new Logger('PostgresSession');
  private readonly boot = new AbortController();
  private readonly policy: SessionFailurePolicy;
  private state: StartedEngine | undefined;
  private closing: Promise<void> | undefined;
  private stopper: Stopper | undefined;

  constructor(
    pool: Pool,
    readonly options: ResolvedOptions,
  ) {
    const { operationTimeout, maxQueue, preparedStatements } = options;
    this.connections = new Connections(pool, {
      owned: options.connection !== undefined,
      preparedStatements,
      operationTimeout,
    });
    this.policy = new SessionFailurePolicy(operationTimeout, maxQueue, () =>
      this.connections.renew(),
    );
    this.dispatcher = new Dispatcher(this.connections, this.policy, {
      timeout: operationTimeout,
      maxQueue,
    });
  }

  /** Throws until the store has started, and once it is closed. */
  get started(): StartedEngine {
    if (this.state === undefined) {
      throw this.closing === undefined
        ? new PostgresSessionError(
            'ERR_STORE_NOT_READY',
            'The session store is not ready before its onModuleInit has ended.',
          )
        : this.policy.closed();
    }
    return this.state;
  }

  get isClosed(): boolean {
    return this.closing !== undefined;
  }

  /** Throws where that many more calls would be more than may wait. */
  checkRoomFor(count: number): void {
    if (!this.dispatcher.hasRoomFor(count)) {
      throw this.policy.overloaded();
    }
  }

  /** Connects, with retries, and makes or checks the table. */
  async start(): Promise<void> {
    const { options, connections } = this;
    if (this.closing !== undefined) {
      throw this.policy.closed();
    }
    const client = await connect(connections.pool, {
      ...options,
      signal: this.boot.signal,
      onRetry: (attempt, error) => this.warnOfRetry(attempt, error),
    });
    client.on('error', ignore);
    let layout: TableLayout | undefined;
    try {
      checkClient(client);
      layout = options.skipSchemaInit
        ? await checkSchema(client, options.names)
        : await ensureSchema(client, {
            names: options.names,
            tableName: options.tableName,
            lockTimeout: options.schemaLockTimeout,
            phaseHook: options.phaseHook,
            onHookError: (phase, error) =>
              this.logger.warn(`phaseHook threw at ${phase}: ${messageOf(error)}`),
          });
    } finally {
      client.off('error', ignore);
      client.release(layout === undefined);
    }
    const statements = buildStatements(layout);
    const limits = callLimits(options.batching, connections.capacity);
    if (this.closing !== undefined) {
      throw this.policy.closed();
    }
    this.state = { layout, statements, kinds: callKinds(statements, limits, layout.hasOwner) };
  }

  /** Runs before calls are refused; cleanup registers its own end here. */
  beforeClose(stopper: Stopper): void {
    this.stopper = stopper;
  }

  /**
   * Stops in this order: the sweep ends; new calls are refused; those under way end, or are cut off after
   * `shutdownTimeout`; an owned pool is ended. Idempotent.
   */
  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  private async stop(): Promise<void> {
    const until = performance.now() + this.options.shutdownTimeout;
    const left = (): number => Math.max(0, until - performance.now());
    this.boot.abort(this.policy.closed());
    await this.stopper?.(left());
    this.state = undefined;
    await this.dispatcher.close(left());
    await this.connections.close();
  }

  private warnOfRetry(attempt: number, error: unknown): void {
    const { retryAttempts, retryDelay } = this.options;
    this.logger.warn(
      `No connection to PostgreSQL (${messageOf(error)}). Retry ${attempt} of ${retryAttempts} in ${retryDelay} ms.`,
    );
  }
}

/** A checked-out client has no listener of its pool's; its failure reaches the query under way. */
function ignore(): void {}
