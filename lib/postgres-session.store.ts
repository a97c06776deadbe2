import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { KeyValueView } from './key-value.view.js';
import type { PostgresSessionEngine } from './postgres-session.engine.js';

/**
 * The store of one table: a {@link KeyValueStore} in PostgreSQL, and the injection token of the unnamed
 * store. Seed: `Store`.
 */
export class PostgresSessionStore
  extends KeyValueView
  implements OnModuleInit, OnApplicationShutdown
{
  readonly #engine: PostgresSessionEngine;

  constructor(engine: PostgresSessionEngine) {
    super(engine, '');
    this.#engine = engine;
  }

  /** Connects and makes or checks the table, so that the application does not start without. */
  async onModuleInit(): Promise<void> {
    try {
      await this.#engine.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /**
   * Ends cleanup, refuses new calls, lets those under way end within `shutdownTimeout`, and ends a pool
   * that the module made. Idempotent. Seed: `Close`.
   */
  close(): Promise<void> {
    return this.#engine.close();
  }
}
