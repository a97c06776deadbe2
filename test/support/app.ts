import type { INestApplicationContext, LoggerService, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import {
  getSessionCleanupToken,
  getSessionStoreToken,
  type PostgresSessionCleanupService,
  PostgresSessionModule,
  type PostgresSessionStore,
} from '../../lib/index.js';

export type StoreOptions = Parameters<typeof PostgresSessionModule.forRoot>[0];

export interface RunningStore {
  app: INestApplicationContext;
  store: PostgresSessionStore;
  cleanup: PostgresSessionCleanupService;
  /** Closes the application, and with it the store. */
  close: () => Promise<void>;
}

/** An application of these modules, without a word in the log. Rejects if it does not start. */
export function startApp(
  metadata: ModuleMetadata,
  logger: LoggerService | false = false,
): Promise<INestApplicationContext> {
  class TestAppModule {}
  return NestFactory.createApplicationContext(
    { module: TestAppModule, ...metadata },
    { logger, abortOnError: false },
  );
}

/** An application of a scheduler and one store, which sweeps only if the options say so. */
export async function startStore(
  options: StoreOptions,
  logger?: LoggerService | false,
): Promise<RunningStore> {
  const store = PostgresSessionModule.forRoot({ cleanup: false, ...options });
  const app = await startApp({ imports: [ScheduleModule.forRoot(), store] }, logger);
  return {
    app,
    store: storeOf(app, options.name),
    cleanup: cleanupOf(app, options.name),
    close: () => app.close(),
  };
}

export function storeOf(app: INestApplicationContext, name?: string): PostgresSessionStore {
  return app.get<PostgresSessionStore>(getSessionStoreToken(name), { strict: false });
}

export function cleanupOf(
  app: INestApplicationContext,
  name?: string,
): PostgresSessionCleanupService {
  return app.get<PostgresSessionCleanupService>(getSessionCleanupToken(name), { strict: false });
}
