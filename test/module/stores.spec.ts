import { describe, expect, it } from '@jest/globals';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import type { Pool } from 'pg';
import {
  getSessionPoolToken,
  getSessionStoreToken,
  PostgresSessionModule,
  type PostgresSessionStore,
} from '../../lib/index.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { cleanupOf, storeOf, type StoreOptions } from '../support/app.js';

describe('several stores of one application', () => {
  const harness = Harness.use();

  function settings(more: Partial<StoreOptions> = {}): StoreOptions {
    return { connection: harness.url, tableName: harness.table(), ...more };
  }

  function start(...imports: ReturnType<typeof PostgresSessionModule.forRoot>[]) {
    return harness.start({ imports: [ScheduleModule.forRoot(), ...imports] });
  }

  it('have a name, a table, a pool and a job each', async () => {
    const pool = harness.pool();
    const app = await start(
      PostgresSessionModule.forRoot(settings()),
      PostgresSessionModule.forRoot({ pool, tableName: harness.table(), name: 'users' }),
      PostgresSessionModule.forRootAsync({ name: 'carts', useFactory: () => settings() }),
    );
    const names = [undefined, 'users', 'carts'];
    for (const name of names) await storeOf(app, name).set('key', `of ${name}`);
    for (const name of names) {
      expect(await storeOf(app, name).get('key')).toEqual(Buffer.from(`of ${name}`));
    }
    const pools = names.map((name) => app.get<Pool>(getSessionPoolToken(name), { strict: false }));
    expect(new Set(pools).size).toBe(3);
    expect(pools[1]).toBe(pool);
    expect([...app.get(SchedulerRegistry).getCronJobs().keys()].toSorted()).toEqual([
      'postgres-session:carts:cleanup',
      'postgres-session:default:cleanup',
      'postgres-session:users:cleanup',
    ]);
  });

  it('are swept each for itself', async () => {
    const first = settings();
    const second = settings({ name: 'users' });
    const app = await start(
      PostgresSessionModule.forRoot(first),
      PostgresSessionModule.forRoot(second),
    );
    for (const { tableName } of [first, second]) {
      await harness.sql(
        `INSERT INTO ${tableName} (id, value, expires_at) VALUES ('old', 'x', now() - interval '1 h')`,
      );
    }
    expect(await cleanupOf(app, 'users').sweep()).toMatchObject({ deleted: 1, skipped: false });
    expect(await harness.sql(`SELECT FROM ${first.tableName}`)).toHaveLength(1);
    expect(await cleanupOf(app).sweep()).toMatchObject({ deleted: 1, skipped: false });
  });

  it('may share one pool, which outlives them', async () => {
    const pool = harness.pool({ max: 2 });
    const app = await start(
      PostgresSessionModule.forRoot({ pool, tableName: harness.table() }),
      PostgresSessionModule.forRoot({ pool, tableName: harness.table(), name: 'users' }),
    );
    await Promise.all([storeOf(app).set('key', 'a'), storeOf(app, 'users').set('key', 'b')]);
    await app.close();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount('error')).toBe(0);
  });

  it.each([undefined, 'users'])('must not have the same name: %p', async (name) => {
    const starting = start(
      PostgresSessionModule.forRoot(settings({ name })),
      PostgresSessionModule.forRootAsync({ name, useFactory: () => settings() }),
    );
    const error = await ownFailureOf(starting);
    expect(error.code).toBe('ERR_DUPLICATE_NAME');
    expect(error.message).toMatch(name ?? /unnamed|default/);
  });

  it('may have the names of the stores of another application', async () => {
    const first = await harness.startStore(settings({ name: 'users' }));
    const second = await harness.startStore(settings({ name: 'users' }));
    await first.store.set('key', 'first');
    await first.close();
    await second.store.set('key', 'second');
    const third = await harness.startStore(settings({ name: 'users' }));
    expect(await third.store.get('key')).toBeUndefined();
  });

  it('are one store where one module is imported in several places', async () => {
    const session = PostgresSessionModule.forRoot(settings());
    class FirstFeature {}
    class SecondFeature {}
    const app = await harness.start({
      imports: [
        ScheduleModule.forRoot(),
        { module: FirstFeature, imports: [session] },
        { module: SecondFeature, imports: [session] },
      ],
    });
    await storeOf(app).set('key', 'value');
    expect(app.get(SchedulerRegistry).getCronJobs().size).toBe(1);
  });

  it.each([undefined, 'users'])(
    'leave a pool alone that overrideProvider put in the place of theirs: %p',
    async (name) => {
      const pool = harness.pool();
      const module = await Test.createTestingModule({
        imports: [ScheduleModule.forRoot(), PostgresSessionModule.forRoot(settings({ name }))],
      })
        .overrideProvider(getSessionPoolToken(name))
        .useValue(pool)
        .compile();
      await module.init();
      await module.get<PostgresSessionStore>(getSessionStoreToken(name)).set('key', 'value');
      await module.close();
      expect(pool.ending).toBe(false);
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      expect(pool.listenerCount('error')).toBe(0);
    },
  );
});
