import { describe, expect, it, jest } from '@jest/globals';
import type { Client, Pool } from 'pg';
import { getSessionPoolToken, type PostgresSessionStore } from '../../lib/index.js';
import { waitFor } from '../support/conditions.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import { cleanupOf, type StoreOptions } from '../support/app.js';

const CUT_OFF = 400;
/** What a loaded machine may take on top of the time that shutdown waits. */
const LEEWAY = 2_000;
/** The test decides how long a call takes, however busy the machine is. */
const PATIENT: StoreOptions = { operationTimeout: false, shutdownTimeout: 20_000 };

describe('shutdown', () => {
  const harness = Harness.use();

  async function started(options: StoreOptions = {}) {
    const tableName = harness.table();
    const { app, store } = await harness.startStore({ tableName, ...options });
    return { tableName, app, store: store };
  }

  /** Keeps writers of the table waiting until the transaction of the answer ends. */
  async function hold(tableName: string): Promise<Client> {
    const holder = await harness.connect();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${tableName} IN SHARE MODE`);
    return holder;
  }

  async function closed(store: PostgresSessionStore): Promise<void> {
    await waitFor(async () => (await ownFailureOf(store.get('any'))).code === 'ERR_STORE_CLOSED', {
      what: 'a store that refuses calls',
    });
  }

  it('lets calls under way and queued ones finish, and refuses new ones meanwhile', async () => {
    const { tableName, app, store } = await started(PATIENT);
    const holder = await hold(tableName);
    const keys = Array.from({ length: 500 }, (_, n) => `key${n}`);
    const calls = Promise.all(keys.map((key) => store.set(key, 'value')));
    await blockedBy(harness, holder);
    const closing = app.close();
    await closed(store);
    await holder.query('ROLLBACK');
    await Promise.all([calls, closing]);
    expect(await harness.sql(`SELECT FROM ${tableName}`)).toHaveLength(keys.length);
  });

  it.each([true, false])(
    'cuts off what lasts longer than shutdownTimeout (batching: %p)',
    async (on) => {
      const { tableName, app, store } = await started({
        shutdownTimeout: CUT_OFF,
        ...(on ? {} : { batching: false }),
      });
      const holder = await hold(tableName);
      const calls = Array.from({ length: 20 }, (_, n) =>
        ownFailureOf(store.set(`key${n}`, 'value')),
      );
      await blockedBy(harness, holder);
      const start = performance.now();
      await app.close();
      const ms = performance.now() - start;
      expect(ms).toBeGreaterThan(CUT_OFF - 20);
      expect(ms).toBeLessThan(CUT_OFF + LEEWAY);
      for (const { code } of await Promise.all(calls)) {
        expect(['ERR_STORE_CLOSED', 'ERR_OUTCOME_UNKNOWN']).toContain(code);
      }
      await holder.query('ROLLBACK');
    },
  );

  it('refuses every call afterwards', async () => {
    const { app, store } = await started();
    await app.close();
    const calls: Array<() => Promise<unknown>> = [
      () => store.get('k'),
      () => store.set('k', 'v'),
      () => store.delete('k'),
      () => store.deletePrefix('k'),
      () => store.getMany(['k']),
      () => store.setMany([['k', 'v']]),
      () => store.deleteMany(['k']),
      () => store.touch('k', 1),
      () => store.setIfAbsent('k', 'v'),
      () => store.getEntry('k'),
      () => store.move('k', 'l', 'v'),
      () => store.count({ prefix: 'k' }),
      () => store.setIfPresent('k', 'v'),
      () => store.getAndDelete('k'),
      () => store.compareAndSet('k', 'v', 'w'),
      () => store.update('k', () => 'w'),
      () => store.increment('k'),
      () => store.deleteOwner('o'),
      () => store.scan('k')[Symbol.asyncIterator]().next(),
      () => store.scanOwner('o')[Symbol.asyncIterator]().next(),
      () => store.namespace('n').get('k'),
      () => cleanupOf(app).sweep(),
    ];
    for (const call of calls) expect((await ownFailureOf(call())).code).toBe('ERR_STORE_CLOSED');
  });

  it('ends an owned pool once, however often the application is closed', async () => {
    const { app } = await started();
    const pool = app.get<Pool>(getSessionPoolToken(), { strict: false });
    const end = jest.spyOn(pool, 'end');
    await Promise.all([app.close(), app.close()]);
    await app.close();
    expect(end).toHaveBeenCalledTimes(1);
    expect(pool.ended).toBe(true);
    expect(pool.totalCount).toBe(0);
  });

  it('ends it also where the application ended it before', async () => {
    const { app } = await started();
    await app.get<Pool>(getSessionPoolToken(), { strict: false }).end();
    await app.close();
  });

  it('close() of the store does the same, any number of times', async () => {
    const { app, store, tableName } = await started();
    const write = store.set('key', 'value');
    await Promise.all([store.close(), store.close()]);
    await write;
    await store.close();
    expect(await ownFailureOf(store.get('key'))).toMatchObject({ code: 'ERR_STORE_CLOSED' });
    expect(await harness.sql(`SELECT FROM ${tableName}`)).toHaveLength(1);
    await app.close();
  });

  it('waits for a sweep under way, no longer than shutdownTimeout', async () => {
    const { tableName, app } = await started({ shutdownTimeout: CUT_OFF });
    await harness.sql(
      `INSERT INTO ${tableName} (id, value, expires_at) VALUES ('old', 'x', now() - interval '1 h')`,
    );
    const holder = await hold(tableName);
    const sweeping = Promise.allSettled([cleanupOf(app).sweep()]);
    await blockedBy(harness, holder);
    const start = performance.now();
    await app.close();
    expect(performance.now() - start).toBeLessThan(CUT_OFF + LEEWAY);
    await sweeping;
  });
});
