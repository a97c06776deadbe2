import type { DynamicModule } from '@nestjs/common';
import { PostgresSessionModule } from 'nestjs-postgres-session';
import type pg from 'pg';
import { DatabaseModule, POOL } from '../database/database.module.js';

/** The store of the sessions, on the application's own pool; one module, however many import it. */
export const SessionStoreModule: DynamicModule = PostgresSessionModule.forRootAsync({
  imports: [DatabaseModule],
  inject: [POOL],
  useFactory: (pool: pg.Pool) => ({ pool }),
});
