import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import {
  getSessionCleanupToken,
  getSessionStoreToken,
  type PostgresSessionCleanupService,
  PostgresSessionModule,
  type PostgresSessionStore,
} from '../../../lib/index.js';
import type { Harness } from './harness.js';

export type StoreOptions = Parameters<typeof PostgresSessionModule.forRoot>[0];

/** An application of a scheduler and one store on the harness's database. */
export function startStore(
  harness: Harness,
  options: StoreOptions,
  logger?: LoggerService,
): Promise<INestApplicationContext> {
  const target = options.pool ? {} : { connection: harness.url };
  return harness.start(
    {
      imports: [ScheduleModule.forRoot(), PostgresSessionModule.forRoot({ ...target, ...options })],
    },
    logger,
  );
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
