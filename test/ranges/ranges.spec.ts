import { describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { collect } from '../conformance/helpers.js';
import { waitFor } from '../support/conditions.js';
import { failureOf, ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import type { RunningStore } from '../support/app.js';

const CALLERS = 64;
/** Rows that a page of a deletion takes. */
const PAGE = 1_000;

const harness = Harness.use();

interface Filled extends RunningStore {
  tableName: string;
}

/** A store with rows `a:…` of one owner, which lie on the disk in no order. */
async function startFilled(rows: number, options: { expired?: boolean } = {}): Promise<Filled> {
  const tableName = harness.table();
  const cleanup = { cron: '0 0 1 1 *', batchSize: PAGE };
  const running = await harness.startStore({ tableName, cleanup });
  await harness.sql(
    `ALTER TABLE ${tableName} SET (autovacuum_enabled = false);
     INSERT INTO ${tableName} (id, value, owner, expires_at)
     SELECT 'a:' || lpad(n::text, 8, '0'), '\\x00', 'alice', ${options.expired ? "now() - interval '1 hour'" : 'NULL'}
     FROM generate_series(1, ${rows}) AS n ORDER BY md5(n::text)`,
  );
  return { ...running, tableName };
}

async function countOf(tableName: string, where = 'true'): Promise<number> {
  const [row] = await harness.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${tableName} WHERE ${where}`,
  );
  return row.count;
}

/** A transaction that holds what this statement locks. */
async function holding(sql: string): Promise<Client> {
  const holder = await harness.connect();
  await holder.query('BEGIN');
  await holder.query(sql);
  return holder;
}

function rowOf(n: number): string {
  return `a:${String(n).padStart(8, '0')}`;
}

function callers<T>(call: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: CALLERS }, (_, n) => call(n)));
}

type Deletion = (store: RunningStore['store']) => Promise<unknown>;
const deletions: Array<[name: string, deletion: Deletion]> = [
  ['deletePrefix', (store) => store.deletePrefix('a:')],
  ['deleteOwner', (store) => store.deleteOwner('alice')],
];

describe.each(deletions)('While %s takes out 30,000 rows', (_, deletion) => {
  it('closing waits for all of its pages', async () => {
    const { app, store, tableName } = await startFilled(30_000);
    const deleting = deletion(store);
    await waitFor(async () => (await countOf(tableName)) < 30_000, { what: 'the end of a page' });
    await app.close();
    await deleting;
    expect(await countOf(tableName)).toBe(0);
  });

  it('64 callers get and set other keys again and again', async () => {
    const { store, tableName } = await startFilled(30_000);
    await callers((n) => store.set(`b:${n}`, 'before'));
    let isOver = false;
    const deleting = deletion(store).then(() => (isOver = true));
    const rounds = await callers(async (n) => {
      let answered = 0;
      for (let round = 0; !isOver; round++) {
        await store.set(`b:${n}`, `${round}`);
        expect(String(await store.get(`b:${n}`))).toBe(`${round}`);
        answered += Number(!isOver);
      }
      return answered;
    });
    await deleting;
    // A caller that is held up has its first answer after the end.
    expect(Math.min(...rounds)).toBeGreaterThanOrEqual(3);
    expect(await countOf(tableName, `id LIKE 'a:%'`)).toBe(0);
  });

  it('no get of a key that goes waits for it', async () => {
    const { store } = await startFilled(30_000);
    let isOver = false;
    const deleting = deletion(store).then(() => (isOver = true));
    const late = await callers((n) => store.get(rowOf(30_000 - n)).then(() => isOver));
    await deleting;
    expect(late).not.toContain(true);
  });
});

describe('One row that is locked', () => {
  it('has deletePrefix wait, and no get', async () => {
    const { store, tableName } = await startFilled(10);
    const holder = await holding(`UPDATE ${tableName} SET value = '' WHERE id = '${rowOf(5)}'`);
    const deleting = store.deletePrefix('a:');
    await blockedBy(harness, holder);
    expect(await callers((n) => store.get(n < 10 ? rowOf(n + 1) : `b:${n}`))).toHaveLength(CALLERS);
    await holder.query('ROLLBACK');
    await deleting;
    expect(await countOf(tableName)).toBe(0);
  });

  it('has scanOwner wait behind an earlier write of it, and no get', async () => {
    const { store, tableName } = await startFilled(10);
    const holder = await holding(`UPDATE ${tableName} SET value = '' WHERE id = '${rowOf(5)}'`);
    const written = store.set(rowOf(5), 'of bob', { owner: 'bob' });
    const scanned = collect(store.scanOwner('alice'));
    await blockedBy(harness, holder);
    const keys = (n: number): string => (n < 10 && n !== 4 ? rowOf(n + 1) : `b:${n}`);
    expect(await callers((n) => store.get(keys(n)))).toHaveLength(CALLERS);
    await holder.query('ROLLBACK');
    await written;
    expect(await scanned).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10].map(rowOf));
  });
});

describe('A deletion in pages', () => {
  it('ends between two pages when its signal aborts', async () => {
    const { store, tableName } = await startFilled(3 * PAGE);
    const holder = await holding(
      `UPDATE ${tableName} SET value = '' WHERE id = '${rowOf(PAGE + 1)}'`,
    );
    const stopping = new AbortController();
    const failure = failureOf(store.deletePrefix('a:', { signal: stopping.signal }));
    await blockedBy(harness, holder);
    stopping.abort(new Error('enough'));
    expect(await failure).toEqual(new Error('enough'));
    await holder.query('ROLLBACK');
    // Waits for the page under way, whatever becomes of it.
    await store.set('a:later', 'x');
    expect(await countOf(tableName, `id <= '${rowOf(PAGE)}'`)).toBe(0);
    expect(await countOf(tableName, `id > '${rowOf(2 * PAGE)}'`)).toBe(PAGE + 1);
  });

  it.each(deletions)('%s that fails for good says how many rows went', async (_, deletion) => {
    const { store, tableName } = await startFilled(3 * PAGE);
    await harness.sql(
      `CREATE FUNCTION refuse_${tableName}() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'this row stays'; END $$;
       CREATE TRIGGER refuse BEFORE DELETE ON ${tableName} FOR EACH ROW
         WHEN (OLD.id = '${rowOf(2 * PAGE + 1)}') EXECUTE FUNCTION refuse_${tableName}()`,
    );
    const error = await ownFailureOf(deletion(store));
    expect(error).toMatchObject({
      deleted: 2 * PAGE,
      message: expect.stringContaining(`${2 * PAGE} rows`),
      cause: expect.objectContaining({ message: 'this row stays' }),
    });
    expect(await countOf(tableName)).toBe(PAGE);
  });
});

describe('The empty prefix', () => {
  it('goes by pages while a reader holds the table, and keeps no other call waiting', async () => {
    const rows = 50 * PAGE;
    const { store, tableName } = await startFilled(rows);
    const { store: replica } = await harness.startStore({ tableName });
    await replica.set('warm', 'x');
    const reader = await holding(`SELECT FROM ${tableName} LIMIT 1`);
    let isOver = false;
    const deleting = store.deletePrefix('').then(() => (isOver = true));
    // PostgreSQL has everybody wait behind the truncation.
    await blockedBy(harness, reader);
    const late = await callers((n) => {
      const call = n % 2 ? store.get(`b:${n}`) : replica.set(`b:${n}`, 'x');
      return call.then(() => isOver);
    });
    expect(late).not.toContain(true);
    await deleting;
    // The reader still has its lock, so it was not the truncation.
    expect(await countOf(tableName, `id LIKE 'a:%'`)).toBe(0);
    await reader.query('ROLLBACK');
  });
});

describe('Under a transaction that keeps its snapshot', () => {
  const ROWS = 20_000;
  const works: Array<[name: string, expired: boolean, work: (of: Filled) => Promise<unknown>]> = [
    ['deletePrefix', false, ({ store }) => store.deletePrefix('a:')],
    ['deleteOwner', false, ({ store }) => store.deleteOwner('alice')],
    ['a sweep', true, ({ cleanup }) => cleanup.sweep()],
  ];

  /** How many pages of the table were looked at in all, as the server counts them. */
  async function blocksOf(filled: Filled, work: (of: Filled) => Promise<unknown>): Promise<number> {
    const { tableName, close } = filled;
    const blocks = async (deleted: number): Promise<number> => {
      const [row] = await harness.sql<{ blocks: number }>(
        `SELECT (heap_blks_hit + heap_blks_read)::int AS blocks
         FROM pg_statio_user_tables AS io JOIN pg_stat_user_tables AS stat USING (relid)
         WHERE relid = '${tableName}'::regclass AND n_tup_del = ${deleted}`,
      );
      return row?.blocks;
    };
    await work(filled);
    // A connection that ends hands in what it counted.
    await close();
    return waitFor(() => blocks(ROWS), { what: 'the counts of the server', timeout: 20_000 });
  }

  // Each row is looked at as it is found and as it is deleted, by one block at a time. With 20 pages, a page
  // that began anew at the front would make that ten times as many.
  it.each(works)('%s reads no entry of an earlier page again', async (_, expired, work) => {
    const filled = await startFilled(ROWS, { expired });
    const snapshot = await holding(
      `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT FROM ${filled.tableName} LIMIT 1`,
    );
    expect(await blocksOf(filled, work)).toBeLessThan(5 * ROWS);
    await snapshot.query('ROLLBACK');
  });
});
