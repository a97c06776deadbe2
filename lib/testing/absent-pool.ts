import { EventEmitter } from 'node:events';

/** Stands for the pool of a store in memory: it connects to nothing, and its queries say so. */
export class AbsentPool extends EventEmitter {
  readonly options = { max: 1 };
  readonly totalCount = 0;
  readonly idleCount = 0;
  readonly waitingCount = 0;

  connect(): Promise<never> {
    return Promise.reject(noDatabase());
  }

  query(): Promise<never> {
    return Promise.reject(noDatabase());
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

function noDatabase(): Error {
  return new Error(
    'The session pool runs no query: overrideSessionStore has put a store in memory in the place of PostgreSQL.',
  );
}
