import { Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { PostgresSessionLifecycle } from './postgres-session.lifecycle.js';
import { KeyValueView } from './store/key-value.view.js';
import { OnceForBothForms } from './utils/both-forms.js';

/**
 * The store of one table: a {@link KeyValueStore} in PostgreSQL, and the injection token of the unnamed
 * store. celeris: `Store`.
 *
 * @publicApi
 */
@OnceForBothForms('PostgresSessionStore', Module)
export class PostgresSessionStore
  extends KeyValueView
  implements OnModuleInit, OnApplicationShutdown
{
  readonly #lifecycle: PostgresSessionLifecycle;
  #endsBySignal = false;

  /** @internal */
  constructor(lifecycle: PostgresSessionLifecycle) {
    super(lifecycle, '');
    this.#lifecycle = lifecycle;
  }

  /**
   * Connects and makes or checks the table, so that the application does not start without. A first call of
   * the store does so too. One that failed may be tried again. celeris: `New`.
   */
  async onModuleInit(): Promise<void> {
    try {
      await this.#lifecycle.start();
    } catch (error) {
      // An application that is told to end while it starts ends quietly.
      if (!this.#lifecycle.isClosed) {
        throw error;
      }
      if (this.#endsBySignal) {
        // Nest is about to end the process. Whatever starts behind the store would find it closed.
        await new Promise(() => undefined);
      }
    }
  }

  /** @param signal which Nest ends the process by, once all has shut down. */
  async onApplicationShutdown(signal?: string): Promise<void> {
    this.#endsBySignal = signal !== undefined;
    await this.close();
  }

  /**
   * Ends cleanup, refuses new calls, lets those in flight end within `shutdownTimeout`, and ends a pool that
   * the module made. Idempotent. celeris: `Close`.
   */
  close(): Promise<void> {
    return this.#lifecycle.close();
  }
}
