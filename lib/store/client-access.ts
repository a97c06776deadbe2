import type { ClientBase } from 'pg';
import { ClientCalls } from './client-calls.js';
import type { ReadyStore, StoreAccess } from './store-access.js';

/** The store on a client of the application, within the application's transaction. */
export class ClientAccess implements StoreAccess {
  private readonly calls: ClientCalls;

  constructor(
    private readonly store: StoreAccess,
    client: ClientBase,
  ) {
    this.calls = new ClientCalls(client, store);
  }

  get maxTtl(): number | undefined {
    return this.store.maxTtl;
  }

  whenStarted<T>(work: (store: ReadyStore) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { calls } = this;
    return this.store.whenStarted((ready) => {
      return work({ ...ready, calls, mayTruncate: false });
    }, signal);
  }

  checkMayWrite(): void {
    this.store.checkMayWrite();
  }

  /** The application decides how many calls it makes before it awaits them. */
  checkRoomFor(): void {}
}
