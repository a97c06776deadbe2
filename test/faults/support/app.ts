import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  PostgresSessionModule,
  type PostgresSessionModuleOptions,
  PostgresSessionStore,
} from '../../../lib/index.js';

class FaultsModule {}

export interface RunningApp {
  app: INestApplicationContext;
  store: PostgresSessionStore;
  close: () => Promise<void>;
}

/** Boots a Nest application with one store, as a user's app does. */
export async function bootApp(
  options: PostgresSessionModuleOptions,
  logger: LoggerService | false = false,
): Promise<RunningApp> {
  const app = await NestFactory.createApplicationContext(
    {
      module: FaultsModule,
      imports: [PostgresSessionModule.forRoot({ cleanup: false, ...options })],
    },
    { logger, abortOnError: false },
  );
  return { app, store: app.get(PostgresSessionStore), close: () => app.close() };
}
