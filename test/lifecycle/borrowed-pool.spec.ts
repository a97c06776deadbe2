import { describe, expect, it } from '@jest/globals';
import type { Pool, PoolClient } from 'pg';
import { getSessionPoolToken } from '../../lib/index.js';
import { waitFor } from '../support/conditions.js';
import { ownFailureOf } from '../support/failures.js';
import type { RunningStore } from '../support/app.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';

/** Milliseconds to call off what still runs on the server. */
const SOON = 1_500;

type Emitter = Pick<NodeJS.EventEmitter, 'eventNames' | 'listenerCount'>;

function listeners(emitter: Emitter): Map<string | symbol, number> {
  return new Map(emitter.eventNames().map((event) => [event, emitter.listenerCount(event)]));
}

describe('a borrowed pool', () => {
  const harness = Harness.use();

  /** The stream that the driver reads from. */
  function streamOf(client: PoolClient): Emitter {
    return (client as unknown as { connection: { stream: Emitter } }).connection.stream;
  }

  /** The listeners and the session settings of each connection of the pool. */
  async function connectionsOf(pool: Pool, count: number) {
    const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
    try {
      return await Promise.all(
        clients.map(async (client) => {
          const { rows } = await client.query<{ name: string; setting: string }>(
            `SELECT name, setting FROM pg_settings WHERE source = 'session' ORDER BY name`,
          );
          const stream = listeners(streamOf(client));
          return { listeners: listeners(client), stream, settings: rows };
        }),
      );
    } finally {
      clients.forEach((client) => client.release());
    }
  }

  it('is left as it was found, and usable', async () => {
    const max = 4;
    const pool = harness.pool({ max });
    const connections = await connectionsOf(pool, max);
    const before = listeners(pool);
    const { store, cleanup, close } = await harness.startStore({
      pool,
      tableName: harness.table(),
    });
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.set(`key${n}`, 'value')));
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.increment(`count${n}`)));
    await cleanup.sweep();
    await close();

    expect(pool.ended).toBe(false);
    expect(listeners(pool)).toEqual(before);
    expect(pool.waitingCount).toBe(0);
    expect(pool.idleCount).toBe(pool.totalCount);
    expect(await connectionsOf(pool, max)).toEqual(connections);
  });

  /** Calls of every kind, of which some fail, in and outside transactions. */
  async function callAll({ store, cleanup }: RunningStore, tableName: string): Promise<void> {
    await harness.sql(`ALTER TABLE ${tableName} ADD CHECK (id <> 'refused')`);
    const gone = new AbortController();
    const calls = [
      ...Array.from({ length: 50 }, (_, n) => store.set(`key${n}`, 'value')),
      ...Array.from({ length: 50 }, (_, n) => store.get(`key${n}`)),
      ...Array.from({ length: 10 }, (_, n) => store.set(`refused`, `value${n}`)),
      store.setMany([['refused', 'value'], ['many', 'value']]), // prettier-ignore
      store.setMany([['one', 'value'], ['two', 'value']]), // prettier-ignore
      store.increment('key1'),
      store.update('key2', () => 'changed'),
      store.deletePrefix('key3'),
      store.get('key4', { signal: gone.signal }),
      cleanup.sweep(),
    ];
    gone.abort();
    await Promise.allSettled(calls);
    await store.deletePrefix('');
  }

  it('gets each client back at rest, with no query under way and no transaction open', async () => {
    const pool = harness.pool({ max: 4 });
    const tableName = harness.table();
    const running = await harness.startStore({ pool, tableName });
    const given: unknown[] = [];
    pool.on('release', (error, client) => {
      if (error) return;
      const { readyForQuery } = client as unknown as { readyForQuery: boolean };
      given.push({ transaction: client.getTransactionStatus(), readyForQuery });
    });
    await callAll(running, tableName);
    expect(given.length).toBeGreaterThan(10);
    expect(given).toEqual(given.map(() => ({ transaction: 'I', readyForQuery: true })));
  });

  it('has its clients as they were also while the store runs and rests', async () => {
    const max = 4;
    const pool = harness.pool({ max });
    const connections = await connectionsOf(pool, max);
    const tableName = harness.table();
    const running = await harness.startStore({ pool, tableName });
    for (let n = 0; n < 3; n++) await running.store.set('key', `value${n}`);
    await callAll(running, tableName);
    expect(await connectionsOf(pool, max)).toEqual(connections);
  });

  it('is left with the application’s own listeners', async () => {
    const pool = harness.pool();
    const own = (): void => undefined;
    pool.on('error', own);
    const { close } = await harness.startStore({ pool, tableName: harness.table() });
    await close();
    expect(pool.listeners('error')).toEqual([own]);
  });

  it('keeps the listener of one store when another one on it starts and is closed', async () => {
    const pool = harness.pool();
    await harness.startStore({ pool, tableName: harness.table() });
    const withOne = listeners(pool);
    const { close } = await harness.startStore({ pool, tableName: harness.table() });
    await close();
    expect(listeners(pool)).toEqual(withOne);
  });

  it('is left as it was found also when the start fails', async () => {
    const pool = harness.pool();
    const before = listeners(pool);
    await ownFailureOf(harness.startStore({ pool, schema: 'no_such_schema' }));
    expect(listeners(pool)).toEqual(before);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('is read from also while writers of the table must wait', async () => {
    const pool = harness.pool();
    const tableName = harness.table();
    const { store } = await harness.startStore({ pool, tableName });
    const holder = await harness.connect();
    await holder.query('BEGIN');
    // As an index that is being built has it.
    await holder.query(`LOCK TABLE ${tableName} IN SHARE MODE`);
    expect(await store.get('key')).toBeUndefined();
    await holder.query('ROLLBACK');
  });

  const cutOff: Array<[what: string, warmUp: boolean]> = [
    ['a call under way', true],
    ['a connection that is being made ready', false],
  ];

  it.each(cutOff)('is given back soon after shutdown cut off %s', async (_, warmUp) => {
    const max = 4;
    const pool = harness.pool({ max });
    const connections = await connectionsOf(pool, max);
    const tableName = harness.table();
    const { store, close } = await harness.startStore({ pool, tableName, shutdownTimeout: 50 });
    if (warmUp) await store.set('key', 'value');
    const holder = await harness.connect();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${tableName} IN SHARE MODE`);
    const call = ownFailureOf(store.set('key', 'value'));
    await blockedBy(harness, holder);
    await close();
    await call;
    await waitFor(() => pool.idleCount === pool.totalCount, { timeout: SOON });
    await holder.query('ROLLBACK');
    expect(await connectionsOf(pool, max)).toEqual(connections);
  });

  it('is left alone also if it is the own pool of another store', async () => {
    const owner = await harness.startStore({ tableName: harness.table() });
    const pool = owner.app.get<Pool>(getSessionPoolToken(), { strict: false });
    const borrower = await harness.startStore({ pool, tableName: harness.table() });
    await borrower.store.set('key', 'value');
    await borrower.close();
    expect(pool.ended).toBe(false);
    await owner.store.set('key', 'value');
    await owner.close();
    expect(pool.ended).toBe(true);
  });
});
