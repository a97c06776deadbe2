import { Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ClientBase } from 'pg';
import type { KeyValueStore } from './interfaces/key-value-store.interface.js';
import type { SessionStoreStats } from './interfaces/session-store-stats.interface.js';
import type { PostgresSessionLifecycle } from './postgres-session.lifecycle.js';
import { isDriverClient } from './protocol/driver-internals.js';
import { ClientAccess } from './store/client-access.js';
import { KeyValueView } from './store/key-value.view.js';
import { rememberStore } from './store/live-stores.js';
import type { StoreAccess } from './store/store-access.js';
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
  readonly #onClients = new WeakMap<ClientBase, StoreAccess>();
  #endsBySignal = false;

  /** @internal */
  constructor(lifecycle: PostgresSessionLifecycle, name: string) {
    super(lifecycle, '');
    this.#lifecycle = lifecycle;
    rememberStore(name, this);
  }

  /**
   * The same table over a client that the application holds, inside the application's own transaction. Nothing
   * is visible to others before its `COMMIT`, and a `ROLLBACK` undoes it. Calls run one after the other, in the
   * order they were made, as plain statements: without gathering, retries, `operationTimeout` or order against
   * calls outside. An error of the database is an `ERR_QUERY` with the driver's error as `cause`, and leaves the
   * transaction aborted. Time stands still at the transaction's `now()`. The empty prefix is deleted in pages,
   * since a truncation would lock the table until the end of the transaction.
   *
   * @throws TypeError for what is no client of pg, such as a pool.
   */
  withClient(client: ClientBase): KeyValueStore {
    if (!isDriverClient(client)) {
      throw new TypeError(
        'client must be a client of pg, which runs all its queries on one connection: a pg.Client, or what the connect() of a pg.Pool resolves to',
      );
    }
    // One for each client, so that the calls of all views of it have one order.
    const access = this.#onClients.get(client) ?? new ClientAccess(this.#lifecycle, client);
    this.#onClients.set(client, access);
    return new KeyValueView(access, '');
  }

  /** What the store is doing at this moment. Reads counters of this process, and sends nothing. */
  stats(): SessionStoreStats {
    return this.#lifecycle.stats();
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
