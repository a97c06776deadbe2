import { Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { readEnvironment } from '../environment.js';

/** Token of the one pool that the application and its session store share. */
export const POOL = Symbol('POOL');

@Module({
  providers: [
    {
      provide: POOL,
      useFactory: () => {
        const pool = new pg.Pool({ connectionString: readEnvironment().databaseUrl });
        // A connection that dies while idle is replaced at the next use; without a listener it
        // would end the process.
        pool.on('error', ({ message }) => new Logger('Database').warn(message));
        return pool;
      },
    },
  ],
  exports: [POOL],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** Runs after the modules that import this one have shut down, the session store among them. */
  async onApplicationShutdown(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }
}
