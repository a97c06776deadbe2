import { describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { Harness } from '../../support/harness.js';

/** Of the application's own table. */
export interface Note {
  id: number;
  text: string;
}

/** An object mapper or query builder at work on the application's table. */
export interface Orm {
  /** Inserts a note in a transaction, which stays open until `meanwhile` has ended. */
  insert(note: Note, meanwhile?: () => Promise<unknown>): Promise<void>;
  /** The same, rolled back. */
  insertInVain(note: Note, meanwhile?: () => Promise<unknown>): Promise<void>;
  find(id: number): Promise<string | undefined>;
  close?(): Promise<void>;
}

export interface OrmPlace {
  pool: Pool;
  connectionString: string;
  table: string;
}

const CALLS = 200;
/** Transactions of the application that stay open from the first call to the last. */
const OPEN = 3;

/** Declares the test of a store beside an ORM. Both use the pool unless the ORM makes one of its own. */
export function describeBesideOrm(name: string, open: (place: OrmPlace) => Promise<Orm>): void {
  describe(`A store beside ${name}`, () => {
    const harness = Harness.use();

    it('and its transactions: values are right on both sides, and the pool is left as it was found', async () => {
      const table = harness.table();
      await harness.sql(`CREATE TABLE ${table} (id int PRIMARY KEY, text text NOT NULL)`);
      const pool = harness.pool({ max: 8 });
      const orm = await open({ pool, connectionString: harness.url, table });
      harness.onEnd(() => orm.close?.());
      const { store, close } = await harness.startStore({ pool, tableName: harness.table() });
      const listeners = pool.listenerCount('error');

      const work = numbers(CALLS).map(async (n) => {
        const note = { id: n, text: `note ${n}` };
        await store.set(`key:${n}`, `value ${n}`, { owner: `owner ${n % 5}` });
        await (n % 4 === 0 ? orm.insertInVain(note) : orm.insert(note));
        expect((await store.get(`key:${n}`))?.toString()).toBe(`value ${n}`);
        expect(await orm.find(n)).toBe(n % 4 === 0 ? undefined : note.text);
        await store.increment('count');
      });
      const done = Promise.all(work);
      const long = numbers(OPEN).map((n) =>
        orm.insert({ id: CALLS + n, text: 'long' }, () => done.catch(() => undefined)),
      );
      await done;
      await Promise.all(long);

      expect(await store.increment('count')).toBe(CALLS + 1);
      expect(await store.count({ owner: 'owner 3' })).toBe(CALLS / 5);
      const [{ notes }] = await harness.sql<{ notes: number }>(
        `SELECT count(*)::int AS notes FROM ${table}`,
      );
      expect(notes).toBe(CALLS - CALLS / 4 + OPEN);
      await close();
      expect(pool.listenerCount('error')).toBeLessThanOrEqual(listeners);
      await expectAtRest(pool);
    });
  });
}

/** Every client is back, out of transactions, and with the server's own settings. */
async function expectAtRest(pool: Pool): Promise<void> {
  expect(pool.waitingCount).toBe(0);
  expect(pool.idleCount).toBe(pool.totalCount);
  expect(pool.ended).toBe(false);
  const clients = await Promise.all(numbers(pool.totalCount).map(() => pool.connect()));
  for (const client of clients) {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('statement_timeout', 'lock_timeout', 'enable_seqscan', 'plan_cache_mode')
         AND source = 'session'`,
    );
    expect(rows).toEqual([]);
    expect(client.getTransactionStatus()).toBe('I');
    client.release();
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** Rolls a transaction back. */
export class RollBack extends Error {}

export async function ignoreRollBack(transaction: Promise<unknown>): Promise<void> {
  try {
    await transaction;
  } catch (error) {
    if (!(error instanceof RollBack)) throw error;
  }
}
