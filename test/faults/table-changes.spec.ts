import { beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { PostgresSessionError } from '../../lib/index.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import type { RunningStore } from '../support/app.js';
import { codeOf, settle, settleAll, slowest } from './support/settle.js';

const TABLE = 'changing_sessions';

describe('A table that changes underneath', () => {
  const harness = Harness.useServer();
  let admin: pg.Client;
  let pool: pg.Pool;
  let running: RunningStore;

  beforeEach(async () => {
    await harness.sql(`DROP TABLE IF EXISTS ${TABLE}`);
    pool = harness.pool({ max: 3 });
    running = await harness.startStore({ pool, tableName: TABLE, operationTimeout: 1_000 });
    await running.store.set('k', 'v');
    admin = await harness.connect();
  });

  const valueOf = async (key: string): Promise<string | undefined> =>
    (await running.store.get(key))?.toString();

  it('dropped: calls tell that the table is gone, and work when it is back', async () => {
    const { store } = running;
    await admin.query(`ALTER TABLE ${TABLE} RENAME TO moved_away`);
    const gone = await settle(() => store.get('k'));
    expect(codeOf(gone)).toBe('ERR_QUERY');
    expect((gone.error as Error).message).toContain(TABLE);
    expect(((gone.error as PostgresSessionError).cause as pg.DatabaseError).code).toBe('42P01');
    expect(codeOf(await settle(() => store.set('k', 'w')))).toBe('ERR_QUERY');
    await admin.query(`ALTER TABLE moved_away RENAME TO ${TABLE}`);
    expect(await valueOf('k')).toBe('v');
    await store.set('k', 'w');
    expect(await valueOf('k')).toBe('w');
  });

  it('dropped and made anew: the same statements work on the new table', async () => {
    const { store } = running;
    const { rows } = await admin.query<{ ddl: string }>(
      `SELECT format('CREATE TABLE copy (LIKE %I INCLUDING ALL)', $1::text) AS ddl`,
      [TABLE],
    );
    await admin.query(rows[0]?.ddl ?? '');
    await admin.query(`DROP TABLE ${TABLE}; ALTER TABLE copy RENAME TO ${TABLE}`);
    expect(await valueOf('k')).toBeUndefined();
    await store.set('k', 'w');
    expect(await valueOf('k')).toBe('w');
  });

  it('altered: a cached plan that must not change its result type goes unnoticed', async () => {
    const { store } = running;
    await exerciseAll();
    await admin.query(`ALTER TABLE ${TABLE} ALTER COLUMN id TYPE varchar(2000) COLLATE "C"`);
    expect(await valueOf('k')).toBe('v');
    await exerciseAll();
    await admin.query(`ALTER TABLE ${TABLE} ADD COLUMN noted text`);
    await exerciseAll();
    await store.set('k', 'w');
    expect(await valueOf('k')).toBe('w');
  });

  /** Every prepared statement of the store, on every connection of the pool. */
  async function exerciseAll(): Promise<void> {
    const { store } = running;
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        await store.set(`e${n}`, 'v', { ttl: 60_000 });
        await store.touch(`e${n}`, 60_000);
        await store.increment(`c${n}`);
        await store.compareAndSet(`e${n}`, 'v', 'w');
        await store.update(`e${n}`, (value) => value);
        await store.getAndDelete(`e${n}`);
        await store.setIfAbsent(`e${n}`, 'v');
        await store.getEntry(`e${n}`);
        await store.move(`e${n}`, `m${n}`, 'v');
        await store.move(`m${n}`, `e${n}`, 'v');
        await store.count({ prefix: 'e' });
        await store.setIfPresent(`e${n}`, 'v');
        await store.getMany([`e${n}`, 'k']);
        await store.delete(`e${n}`);
      }),
    );
  }

  it.each(['DISCARD ALL', 'DEALLOCATE ALL'])(
    '%s on our connections goes unnoticed',
    async (sql) => {
      await exerciseAll();
      const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
      for (const client of clients) await client.query(sql);
      for (const client of clients) client.release();
      expect(await valueOf('k')).toBe('v');
      await exerciseAll();
    },
  );

  it('locked: calls settle within their time, leave no orphan behind, and work afterwards', async () => {
    const { store } = running;
    await admin.query(`BEGIN; LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`);
    const calls = await settleAll([
      () => store.get('k'),
      () => store.set('k', 'w'),
      () => store.increment('n'),
    ]);
    expect(new Set(calls.map(codeOf))).toEqual(new Set(['ERR_TIMEOUT']));
    expect(slowest(calls)).toBeLessThan(1_500);
    const orphans = `SELECT pid FROM pg_locks
      WHERE relation = '${TABLE}'::regclass AND pid <> pg_backend_pid()`;
    // A read that was tried again has a statement of its own, which may take as long as the first one.
    await waitFor(async () => (await admin.query(orphans)).rowCount === 0, {
      timeout: 1_500,
      what: 'a server that was told to stop as well',
    });
    await admin.query('COMMIT');
    expect(await valueOf('k')).toBe('v');
    await expect(store.increment('n')).resolves.toBe(1);
  });

  it('locked: without an operationTimeout a call waits for as long as it takes', async () => {
    const patient = await harness.startStore({ pool, tableName: TABLE, operationTimeout: false });
    await admin.query(`BEGIN; LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`);
    const get = settle(() => patient.store.get('k'));
    const impatient = await settle(() => running.store.get('k'));
    await admin.query('COMMIT');
    expect(codeOf(impatient)).toBe('ERR_TIMEOUT');
    expect((await get).value?.toString()).toBe('v');
  });

  it('a row that another transaction holds delays calls on its key, and no later one', async () => {
    const { store } = running;
    await admin.query(`BEGIN; UPDATE ${TABLE} SET value = value WHERE id = 'k'`);
    const held = settle(() => store.set('k', 'w'));
    await lockIsAwaited();
    const free = await settle(() => store.set('free', 'v'));
    await admin.query('ROLLBACK');
    expect(codeOf(free)).toBe('ok');
    expect(codeOf(await held)).toBe('ok');
    expect(await valueOf('k')).toBe('w');
  });

  it('a row that another transaction holds fails no neighbour in the same statement', async () => {
    const { store } = running;
    await admin.query(`BEGIN; UPDATE ${TABLE} SET value = value WHERE id = 'k'`);
    const [held, ...neighbours] = await settleAll(
      ['k', 'n1', 'n2', 'n3'].map((key) => () => store.set(key, 'w')),
    );
    await admin.query('ROLLBACK');
    expect(held && codeOf(held)).toBe('ERR_TIMEOUT');
    expect(neighbours.map(codeOf)).toEqual(['ok', 'ok', 'ok']);
  });

  async function lockIsAwaited(): Promise<void> {
    const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted`;
    await waitFor(async () => (await admin.query(waiting)).rowCount, {
      what: 'a wait for the row',
    });
  }

  it('a refusal by a constraint of someone else’s fails the call it concerns, and no neighbour', async () => {
    const { store } = running;
    await admin.query(`ALTER TABLE ${TABLE} ADD CHECK (value <> 'forbidden')`);
    const calls = await Promise.all(
      ['a', 'forbidden', 'b', 'c'].map((value, n) => settle(() => store.set(`n${n}`, value))),
    );
    expect(calls.map(codeOf)).toEqual(['ok', 'ERR_QUERY', 'ok', 'ok']);
    expect(await valueOf('n3')).toBe('c');
  });
});
