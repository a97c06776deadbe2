/** What a store is doing at this moment. */
export interface SessionStoreStats {
  /** `starting` until it has connected and has its table, and `closed` from the call of `close()` on. */
  state: 'starting' | 'ready' | 'closed';
  /** Connections of the pool in use, those of the application on a lent one included. */
  pool: {
    total: number;
    idle: number;
    /** Who waits for a connection of the pool. */
    waiting: number;
    max: number;
  };
  /** Calls that have not settled. Those on a client of the application (`withClient`) do not count. */
  calls: {
    queued: number;
    inFlight: number;
    /** As many may be queued or in flight in all. */
    maxQueue: number;
  };
  /** Statements, or transactions of several, that carry the calls in flight. */
  statements: { inFlight: number };
}
