import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import {
  getSessionStoreToken,
  PostgresSessionModule,
  type PostgresSessionStore,
} from '../../lib/index.js';

type StoreOptions = Parameters<typeof PostgresSessionModule.forRoot>[0];

export interface StartedStore {
  app: INestApplicationContext;
  store: PostgresSessionStore;
  /** Closes the application, and with it the store. */
  close: () => Promise<void>;
}

/** A Nest application of just a scheduler and our module. Rejects where it would not start. */
export async function startStore(options: StoreOptions): Promise<StartedStore> {
  class TestAppModule {}
  const app = await NestFactory.createApplicationContext(
    {
      module: TestAppModule,
      imports: [ScheduleModule.forRoot(), PostgresSessionModule.forRoot(options)],
    },
    { logger: ['warn', 'error', 'fatal'], abortOnError: false },
  );
  return {
    app,
    store: app.get<PostgresSessionStore>(getSessionStoreToken(options.name), { strict: false }),
    close: () => app.close(),
  };
}
