import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import type { Pool, PoolClient } from 'pg';
import { getSessionPoolToken, PostgresSessionModule } from '../../lib/index.js';
import { cleanupOf, type RunningStore, storeOf } from '../support/app.js';
import { Harness } from '../support/harness.js';

const SETTINGS = [
  'enable_seqscan',
  'enable_bitmapscan',
  'enable_hashjoin',
  'enable_mergejoin',
  'jit',
  'plan_cache_mode',
  'statement_timeout',
  'lock_timeout',
];
const CLIENTS = 4;
const KEY = 'key-that-signs-someone-in';
const VALUE = 'value-with-private-data';
const OWNER = 'owner-whose-name-is-private';
/** As text, in hexadecimal as PostgreSQL writes it, and as Node prints bytes and makes JSON of them. */
const HIDDEN = [KEY, VALUE, OWNER].flatMap((word) => {
  const bytes = Buffer.from(word);
  const hex = bytes.toString('hex');
  return [word, hex, hex.replace(/(..)(?=.)/g, '$1 '), bytes.join(',')];
});

const harness = Harness.use();

interface OnPool extends RunningStore {
  pool: Pool;
  tableName: string;
}

type Watch = (pool: Pool) => void;

/** A store, on the module's own pool or on a lent one, whose pool can be watched from its first connection on. */
async function startOn(kind: string, watch: Watch = () => undefined): Promise<OnPool> {
  const tableName = harness.table();
  const config = { connectionString: harness.url, max: CLIENTS };
  const target = kind === 'lent' ? { pool: harness.pool(config) } : { connection: config };
  const app = await harness.start({
    imports: [
      ScheduleModule.forRoot(),
      PostgresSessionModule.forRoot({ ...target, tableName, cleanup: false }),
    ],
    providers: [{ provide: 'watch', inject: [getSessionPoolToken()], useFactory: watch }],
  });
  return {
    app,
    tableName,
    store: storeOf(app),
    cleanup: cleanupOf(app),
    pool: app.get<Pool>(getSessionPoolToken(), { strict: false }),
    close: () => app.close(),
  };
}

function times<T>(count: number, call: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => call(n)));
}

/** Calls of every kind, alone and many at once. */
async function callAll({ store, cleanup }: OnPool): Promise<void> {
  const entry = { owner: OWNER, ttl: 60_000 };
  await times(50, (n) => store.set(`${KEY}:${n}`, VALUE, entry));
  expect(String((await times(50, (n) => store.get(`${KEY}:${n}`)))[0])).toBe(VALUE);
  await store.setMany([[KEY, VALUE], [`${KEY}:many`, VALUE]], entry); // prettier-ignore
  expect((await store.getMany([KEY, `${KEY}:many`])).size).toBe(2);
  await times(10, (n) => store.touch(`${KEY}:${n}`, 60_000));
  await store.setIfAbsent(`${KEY}:absent`, VALUE, entry);
  await times(5, (n) => store.getEntry(`${KEY}:${n}`));
  await times(5, (n) => store.setIfPresent(`${KEY}:${n}`, VALUE, entry));
  await store.move(`${KEY}:9`, `${KEY}:moved`, VALUE, entry);
  expect(await store.count({ owner: OWNER })).toBeGreaterThan(50);
  for await (const [key] of store.scanEntries({ prefix: KEY })) expect(key).toContain(KEY);
  await store.compareAndSet(KEY, VALUE, `${VALUE}!`);
  await store.update(KEY, (value) => `${value.toString()}?`);
  await store.increment(`${KEY}:count`);
  await store.getAndDelete(`${KEY}:absent`);
  for await (const key of store.scan(KEY)) expect(key).toContain(KEY);
  for await (const key of store.scanOwner(OWNER)) expect(key).toContain(KEY);
  await times(5, (n) => store.delete(`${KEY}:${n}`));
  await store.deleteMany([`${KEY}:6`, `${KEY}:7`]);
  // Not a counter: an error, whose traces are looked for too.
  await expect(store.increment(KEY)).rejects.toThrow();
  await store.deletePrefix(`${KEY}:1`);
  await cleanup.sweep();
  await store.deleteOwner(OWNER, { except: [KEY] });
  await store.deletePrefix('');
}

async function onEveryClient<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T[]> {
  const clients = await times(CLIENTS, () => pool.connect());
  try {
    return await Promise.all(clients.map(work));
  } finally {
    clients.forEach((client) => client.release());
  }
}

describe.each(['own', 'lent'])('The clients of a pool that a store is on (%s pool)', (kind) => {
  /** Everything that a `SHOW` of the settings says. */
  async function shown(client: { query: PoolClient['query'] }): Promise<unknown[]> {
    const rows: unknown[] = [];
    for (const name of SETTINGS) rows.push((await client.query<object>(`SHOW ${name}`)).rows[0]);
    return rows;
  }

  it('have the server’s own settings after calls of every kind', async () => {
    const running = await startOn(kind);
    await callAll(running);
    const own = await shown(await harness.connect());
    expect(await onEveryClient(running.pool, shown)).toEqual(Array(CLIENTS).fill(own));
  });

  it('have the application’s queries planned as anywhere else', async () => {
    const running = await startOn(kind);
    await callAll(running);
    const big = harness.table();
    await harness.sql(
      `CREATE TABLE ${big} AS SELECT n AS id, n % 7 AS part FROM generate_series(1, 5000) AS n;
       CREATE INDEX ON ${big} (part); ANALYZE ${big}`,
    );
    const plans = await onEveryClient(running.pool, async (client) => {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN SELECT * FROM ${big} AS a JOIN ${big} AS b USING (id) WHERE a.part < 6`,
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    for (const plan of plans) expect(plan).toMatch(/Hash Join(.|\n)*Seq Scan(.|\n)*Seq Scan/);
  });

  it('may have another search_path, which moves nothing', async () => {
    const running = await startOn(kind);
    const { store, pool, tableName } = running;
    await store.set('before', 'x');
    const other = `other_${harness.table()}`;
    await harness.sql(
      `CREATE SCHEMA ${other}; CREATE TABLE ${other}.${tableName} (LIKE ${tableName} INCLUDING ALL)`,
    );
    harness.onEnd(() => harness.sql(`DROP SCHEMA ${other} CASCADE`));
    await onEveryClient(pool, (client) => client.query(`SET search_path = ${other}`));
    expect(String(await store.get('before'))).toBe('x');
    await callAll(running);
    await store.set('after', 'y');
    const ids = await harness.sql(`SELECT id FROM ${harness.schema}.${tableName}`);
    expect(ids).toEqual([{ id: 'after' }]);
    expect(await harness.sql(`SELECT FROM ${other}.${tableName}`)).toEqual([]);
  });
});

describe.each(['own', 'lent'])('What observers of the driver see (%s pool)', (kind) => {
  interface Seen {
    readonly queries: unknown[];
    /** What callbacks and promises of queries were given. */
    readonly outcomes: unknown[];
  }

  /** Wraps `query` and the callback of each query object, as tracers do. */
  function observe(pool: Pool, seen: Seen): void {
    pool.on('connect', (client) => {
      const target = client as unknown as { query: (...args: unknown[]) => unknown };
      const query = target.query.bind(client);
      target.query = (...args) => {
        seen.queries.push(args.map(copiesOf));
        const [given] = args as [{ callback?: unknown } | string];
        const outcome = query(...args.map((arg) => watched(arg, seen)));
        if (typeof given === 'object') given.callback = watched(given.callback, seen);
        if (outcome instanceof Promise) {
          outcome.then(
            (result: unknown) => seen.outcomes.push(copiesOf(result)),
            (error: unknown) => seen.outcomes.push(copiesOf(error)),
          );
        }
        return outcome;
      };
    });
  }

  function watched(callback: unknown, { outcomes }: Seen): unknown {
    if (typeof callback !== 'function') return callback;
    return (...outcome: unknown[]): unknown => {
      outcomes.push(outcome.map(copiesOf));
      return (callback as (...outcome: unknown[]) => unknown)(...outcome);
    };
  }

  /** The ways in which tools copy an object, taken at once: later it may have let go of its values. */
  function copiesOf(value: unknown): string {
    const options = { depth: null, showHidden: true, maxArrayLength: null, maxStringLength: null };
    if (typeof value !== 'object' || value === null) return inspect(value, options);
    return [value, { ...value }, Object.entries(value), Object.getOwnPropertyDescriptors(value)]
      .flatMap((copy) => [inspect(copy, options), JSON.stringify(copy)])
      .join('\n');
  }

  function hiddenIn(seen: Seen): string[] {
    const text = inspect(seen, { depth: null, maxArrayLength: null, maxStringLength: null });
    return HIDDEN.filter((word) => text.includes(word));
  }

  it('is neither key nor value nor owner', async () => {
    const seen: Seen = { queries: [], outcomes: [] };
    const running = await startOn(kind, (pool) => observe(pool, seen));
    await callAll(running);
    expect(inspect(seen, { depth: null, maxArrayLength: null })).toContain('INSERT INTO');
    expect(seen.outcomes.length).toBeGreaterThan(20);
    expect(hiddenIn(seen)).toEqual([]);
    // They are found where they can be seen: in a query of the application.
    await running.pool.query('SELECT $1::text', [KEY]);
    expect(hiddenIn({ ...seen, outcomes: [] })).toContain(KEY);
    await running.pool.query('SELECT $1::text AS value', [VALUE]);
    expect(hiddenIn({ ...seen, queries: [] })).toContain(VALUE);
  });
});
