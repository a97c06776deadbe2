export { InjectSessionStore } from './decorators/inject-session-store.decorator.js';
export type * from './interfaces/key-value-store.interface.js';
export type * from './interfaces/postgres-session-module-options.interface.js';
export type * from './interfaces/session-store-stats.interface.js';
export {
  PostgresSessionCleanupService,
  type LastSweep,
  type SweepOptions,
} from './cleanup/cleanup.service.js';
export {
  getSessionCleanupToken,
  getSessionPoolToken,
  getSessionStoreToken,
} from './postgres-session.tokens.js';
export {
  PostgresSessionError,
  type PostgresSessionErrorCode,
  type PostgresSessionErrorDetails,
} from './postgres-session.errors.js';
export { PostgresSessionModule } from './postgres-session.module.js';
export { PostgresSessionStore } from './postgres-session.store.js';
export { liveSessionStores, type LiveSessionStore } from './store/live-stores.js';
export type { SweepReport } from './cleanup/sweeper.js';
export { getSessionSchemaSql, type SessionSchemaSqlOptions } from './schema-sql.js';
