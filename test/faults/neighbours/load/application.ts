import type { Pool, PoolConfig } from 'pg';
import type { PostgresSessionStore } from '../../../../lib/index.js';
import { ignore, type Neighbour } from '../../../support/neighbours/neighbour.js';
import type { Packages } from './packages.js';
import type { LoadSettings } from './settings.js';

const HASTY = 'hasty';
/** Milliseconds: shorter than the table is locked for. */
const HASTY_TIMEOUT = 50;
/** Clients of a pool: two for each store, as half of a pool that was lent is left to the application. */
const MAX = { own: 2, lent: 4 };

export interface Application {
  store: PostgresSessionStore;
  /** On the same table, and no call of it may take long. */
  hasty: PostgresSessionStore;
  pools: Pool[];
  close: () => Promise<void>;
}

/** An application of two stores, with a neighbour that meets each of their pools before they do. */
export async function startApplication(
  packages: Packages,
  settings: LoadSettings,
  neighbour: Neighbour,
): Promise<Application> {
  const { NestFactory, PostgresSessionModule, getSessionPoolToken, getSessionStoreToken } =
    packages;
  const config = poolConfig(settings);
  const lent = settings.pool === 'lent' ? new packages.pg.Pool(config) : undefined;
  lent?.on('error', ignore);
  const common = {
    ...(lent ? { pool: lent } : { connection: config }),
    tableName: settings.tableName,
    cleanup: false as const,
  };
  const pools = new Set<Pool>();
  const meet = async (...given: Pool[]): Promise<void> => {
    for (const pool of given) {
      if (pools.has(pool)) continue;
      pools.add(pool);
      await neighbour.attach?.(pool);
    }
  };
  class ApplicationModule {}
  const app = await NestFactory.createApplicationContext(
    {
      module: ApplicationModule,
      imports: [
        PostgresSessionModule.forRoot(common),
        PostgresSessionModule.forRoot({
          ...common,
          name: HASTY,
          operationTimeout: HASTY_TIMEOUT,
          retryDelay: HASTY_TIMEOUT,
        }),
      ],
      providers: [
        {
          provide: 'neighbour',
          inject: [getSessionPoolToken(), getSessionPoolToken(HASTY)],
          useFactory: meet,
        },
      ],
    },
    { logger: false, abortOnError: false },
  );
  return {
    store: app.get<PostgresSessionStore>(getSessionStoreToken(), { strict: false }),
    hasty: app.get<PostgresSessionStore>(getSessionStoreToken(HASTY), { strict: false }),
    pools: [...pools],
    close: async () => {
      await app.close();
      await lent?.end();
    },
  };
}

function poolConfig(settings: LoadSettings): PoolConfig {
  return {
    connectionString: settings.connectionString,
    application_name: settings.applicationName,
    max: MAX[settings.pool],
    query_timeout: settings.queryTimeout,
  };
}
