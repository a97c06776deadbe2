import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import type { KeyValueStore } from '../../lib/index.js';
import { collect, numbered } from '../conformance/helpers.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import type { StoreOptions } from '../support/app.js';

const LARGE = 300_000;
const MANY_LARGE = 40;
const MANY_SMALL = 1_200;
/** A page, its values as text of two characters a byte. */
const PAGE_ON_THE_WIRE = 2 * (1_048_576 + LARGE) + 100_000;

describe('Calls on entries', () => {
  const harness = Harness.use();
  let statements: string[];
  let received: () => number;

  beforeEach(() => {
    statements = [];
  });

  /** A store on a pool of one client, whose statements and received bytes are counted. */
  async function start(options: StoreOptions = {}): Promise<KeyValueStore> {
    const pool = harness.pool({ max: 1 });
    watch(pool);
    const tableName = harness.table();
    return (await harness.startStore({ pool, tableName, ...options })).store;
  }

  function watch(pool: Pool): void {
    pool.on('connect', (client) => {
      const { stream } = (client as unknown as { connection: { stream: { bytesRead: number } } })
        .connection;
      received = () => stream.bytesRead;
      const target = client as unknown as { query: (...args: unknown[]) => unknown };
      const query = target.query.bind(client);
      target.query = (...args) => {
        const [first] = args as [string | { text: string }];
        statements.push(typeof first === 'string' ? first : first.text);
        return query(...args);
      };
    });
  }

  async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
    statements = [];
    await work();
    return statements.map((text) => text.replace(/ .*/s, ''));
  }

  it('read pages of bounded size, however large the values are', async () => {
    const store = await start();
    for (const key of numbered('k', MANY_LARGE)) await store.set(key, Buffer.alloc(LARGE));
    const before = received();
    for await (const [key] of store.scanEntries({ prefix: 'k' })) {
      expect(key).toBe('k00000');
      break;
    }
    expect(received() - before).toBeGreaterThan(LARGE);
    expect(received() - before).toBeLessThan(PAGE_ON_THE_WIRE);
    expect(await collect(store.scanEntries({ prefix: 'k' }))).toHaveLength(MANY_LARGE);
  });

  it('read each page, and count, by one statement', async () => {
    const store = await start();
    const keys = numbered('k', MANY_SMALL);
    await store.setMany(
      keys.map((key) => [key, 'small']),
      { owner: 'alice' },
    );
    for (const range of [{ prefix: 'k' }, { owner: 'alice' }]) {
      expect(await statementsOf(() => collect(store.scanEntries(range)))).toEqual(
        Array(3).fill('SELECT'),
      );
      expect(await statementsOf(() => store.count(range))).toEqual(['SELECT']);
    }
  });

  it('move by one statement', async () => {
    const store = await start();
    await store.set('a', 'x');
    expect(await statementsOf(() => store.move('a', 'b', 'y'))).toEqual(['WITH']);
  });

  it('move by two in one transaction where calls go alone', async () => {
    const store = await start({ batching: false });
    await store.set('a', 'x');
    const both = ['BEGIN;', 'DELETE', 'INSERT', 'COMMIT'];
    expect(await statementsOf(() => store.move('a', 'b', 'y'))).toEqual(both);
  });

  it('end within operationTimeout while the table is locked', async () => {
    const pool = harness.pool({ max: 4 });
    const tableName = harness.table();
    const { store } = await harness.startStore({ pool, tableName, operationTimeout: 300 });
    const holder = await harness.connect();
    await holder.query(`BEGIN; LOCK TABLE ${tableName}`);
    const calls = [
      store.count({ prefix: '' }),
      collect(store.scanEntries({ prefix: '' })),
      store.move('a', 'b', 'x'),
      store.getEntry('a'),
      store.setIfPresent('a', 'x'),
    ];
    const failures = await Promise.all(calls.map((call) => ownFailureOf(call)));
    expect(failures.map(({ code }) => code)).toEqual(Array(calls.length).fill('ERR_TIMEOUT'));
    await holder.query('ROLLBACK');
    await expect(store.count({ prefix: '' })).resolves.toBe(0);
  });
});
