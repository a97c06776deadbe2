import { ScheduleModule } from '@nestjs/schedule';
import type { Pool, PoolConfig } from 'pg';
import {
  getSessionPoolToken,
  getSessionSchemaSql,
  PostgresSessionModule,
  type PostgresSessionStore,
} from '../../../../lib/index.js';
import type { Harness } from '../../../support/harness.js';
import { storeOf } from '../../../support/app.js';
import type { Neighbour } from '../../../support/neighbours/neighbour.js';
import { nextTick } from '../load/next-tick.js';
import type { PoolKind } from '../load/settings.js';

const KEYS = ['a', 'b', 'c', 'd'];
const valueOf = (key: string): string => `value of ${key}`;

export interface StoreBeside {
  store: PostgresSessionStore;
  pool: Pool;
  tableName: string;
}

/** A store on a pool of one client, which everybody gets in turn, with a few keys in it. */
export async function startBeside(
  harness: Harness,
  kind: PoolKind,
  neighbour: Neighbour = {},
  config: PoolConfig = {},
): Promise<StoreBeside> {
  const tableName = harness.table();
  // Not by the store, which may have to wait for no longer than the pool's query timeout.
  await harness.sql(getSessionSchemaSql({ tableName }));
  const poolConfig = { connectionString: harness.url, max: 1, ...config };
  const target = kind === 'lent' ? { pool: harness.pool(poolConfig) } : { connection: poolConfig };
  const app = await harness.start({
    imports: [
      ScheduleModule.forRoot(),
      PostgresSessionModule.forRoot({ ...target, tableName, cleanup: false }),
    ],
    providers: [
      {
        provide: 'neighbour',
        inject: [getSessionPoolToken()],
        useFactory: (pool: Pool) => neighbour.attach?.(pool),
      },
    ],
  });
  const store = storeOf(app);
  for (const key of KEYS) await store.set(key, valueOf(key));
  return { store, pool: app.get<Pool>(getSessionPoolToken(), { strict: false }), tableName };
}

/** Gets that begin one shortly after the other, so that each may be sent by itself. */
export async function wrongAnswers({ store }: StoreBeside): Promise<string[]> {
  const gets: Promise<Buffer | undefined>[] = [];
  for (const key of KEYS) {
    gets.push(store.get(key));
    await nextTick();
  }
  const answers = (await Promise.all(gets)).map(String);
  return answers.filter((answer, n) => answer !== valueOf(KEYS[n]));
}

/** Runs something over and over, and gets behind each time. Resolves to the wrong answers of all rounds. */
export async function wrongAnswersBehind(
  beside: StoreBeside,
  rounds: number,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (let n = 0; n < rounds; n++) {
    await work();
    wrong.push(...(await wrongAnswers(beside)));
  }
  return wrong;
}
