import { describe, expect, it } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import { Pool } from 'pg';
import { getSessionPoolToken, type KeyValueStore, PostgresSessionModule } from '../../lib/index.js';
import { everyCall } from '../conformance/store-calls.js';
import { storeOf } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

const ENDED = { code: 'ERR_CONNECTION', message: expect.stringContaining('the pool was ended') };
/** What waits for a timeout fails the test by its own: the calls have no bound, and the boot ten tries of a minute. */
const PATIENT = { operationTimeout: false, retryAttempts: 9, retryDelay: 60_000 } as const;

describe('A pool that somebody ended', () => {
  const harness = Harness.use();

  it.each(['own', 'lent'])('fails every call at once (%s pool)', async (kind) => {
    const target = kind === 'lent' ? { pool: harness.pool() } : {};
    const { app, store, cleanup } = await harness.startStore({
      ...target,
      ...PATIENT,
      tableName: harness.table(),
    });
    await store.set('key', 'value');
    await app.get<Pool>(getSessionPoolToken(), { strict: false }).end();
    for (const [name, call] of everyCall) {
      expect({ name, error: await ownFailureOf(call(store)) }).toMatchObject({
        name,
        error: ENDED,
      });
    }
    expect(await ownFailureOf(cleanup.sweep())).toMatchObject(ENDED);
  });

  it('fails a boot at once', async () => {
    const pool = harness.pool();
    await pool.end();
    expect(await ownFailureOf(harness.startStore({ pool, ...PATIENT }))).toMatchObject(ENDED);
  });

  it('fails a boot at once if its own word of that is all there is', async () => {
    const pool = harness.pool();
    await pool.end();
    // As a wrapper of a pool may be, which shows the methods of the pool and not its state.
    const wrapper = new Proxy(pool, {
      get: (target, name) => {
        const member: unknown = name === 'ending' ? undefined : Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    const starting = harness.startStore({ pool: wrapper, ...PATIENT });
    expect(await ownFailureOf(starting)).toMatchObject(ENDED);
  });

  it('fails calls that wait for one of its connections', async () => {
    const pool = harness.pool({ max: 1 });
    const { store } = await harness.startStore({ pool, ...PATIENT, tableName: harness.table() });
    const client = await pool.connect();
    const calls: Array<(store: KeyValueStore) => Promise<unknown>> = [
      () => store.get('key'),
      () => store.set('key', 'value'),
      () => store.increment('count'),
    ];
    const failures = calls.map((call) => ownFailureOf(call(store)));
    await waitFor(() => pool.waitingCount > 0, { what: 'a call that waits' });
    const ending = pool.end();
    for (const error of await Promise.all(failures)) expect(error).toMatchObject(ENDED);
    client.release();
    await ending;
  });

  it('may be ended in onApplicationShutdown of the module that provides it: calls in flight are answered', async () => {
    const pool = harness.pool();
    class DatabaseModule {
      onApplicationShutdown(): Promise<void> {
        return pool.ending ? Promise.resolve() : pool.end();
      }
    }
    const database = {
      module: DatabaseModule,
      providers: [{ provide: Pool, useValue: pool }],
      exports: [Pool],
    };
    const app = await harness.start({
      imports: [
        ScheduleModule.forRoot(),
        PostgresSessionModule.forRootAsync({
          imports: [database],
          inject: [Pool],
          useFactory: (its: Pool) => ({ pool: its, tableName: harness.table() }),
        }),
      ],
    });
    const store = storeOf(app);
    const calls = Array.from({ length: 200 }, (_, n) => store.set(`key${n % 20}`, 'value'));
    const closing = app.close();
    await Promise.all(calls);
    await closing;
    expect(pool.ended).toBe(true);
  });
});
