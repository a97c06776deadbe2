import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import {
  PostgresSessionCleanupService,
  PostgresSessionModule,
  PostgresSessionStore,
  getSessionPoolToken,
  type PostgresSessionModuleOptions,
} from 'nestjs-postgres-session';
import type { Pool } from 'pg';

export interface NestStore {
  store: PostgresSessionStore;
  cleanup: PostgresSessionCleanupService;
  pool: Pool;
  close: () => Promise<void>;
}

/** The store as an application gets it: from the module, in a Nest application context. */
export async function openNestStore(
  url: string,
  options: PostgresSessionModuleOptions = {},
): Promise<NestStore> {
  const app = await NestFactory.createApplicationContext(
    PostgresSessionModule.forRoot({
      ...(options.pool === undefined ? { connection: { connectionString: url, max: 10 } } : {}),
      cleanup: false,
      ...options,
    }),
    { logger: ['error'], abortOnError: false },
  );
  return {
    store: app.get(PostgresSessionStore),
    cleanup: app.get(PostgresSessionCleanupService),
    pool: app.get<Pool>(getSessionPoolToken()),
    close: () => app.close(),
  };
}
