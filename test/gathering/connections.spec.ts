import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { getSessionPoolToken, type PostgresSessionStore } from '../../lib/index.js';
import { collect } from '../conformance/helpers.js';
import { Harness } from '../support/harness.js';

const MAX = 10;
const CALLERS = 64;
const CALLS = 20;
/** A statement that takes long on a busy machine makes room for another one. */
const SPARE = 1;

describe(`The connections that ${CALLERS} callers of one kind take of a pool of ${MAX}`, () => {
  const harness = Harness.use();
  let store: PostgresSessionStore;
  let pool: Pool;

  beforeAll(async () => {
    const connection = { connectionString: harness.url, max: MAX };
    const running = await harness.startStore({ connection, tableName: harness.table() });
    store = running.store;
    pool = running.app.get<Pool>(getSessionPoolToken());
  });

  async function mostInUse(call: (key: string) => Promise<unknown>): Promise<number> {
    let most = 0;
    pool.on('acquire', () => (most = Math.max(most, pool.totalCount - pool.idleCount)));
    const caller = async (_: unknown, n: number): Promise<void> => {
      for (let turn = 0; turn < CALLS; turn++) await call(`key ${n}`);
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    pool.removeAllListeners('acquire');
    return most;
  }

  const few: Array<[string, (key: string) => Promise<unknown>]> = [
    ['get', (key) => store.get(key)],
    ['set', (key) => store.set(key, 'v')],
    ['touch', (key) => store.touch(key, 60_000)],
    ['delete', (key) => store.delete(key)],
  ];
  it.each(few)('are two of a kind whose calls share statements: %s', async (_, call) => {
    expect(await mostInUse(call)).toBeLessThanOrEqual(2 + SPARE);
  });

  const half: Array<[string, (key: string) => Promise<unknown>]> = [
    ['increment', (key) => store.increment(`n ${key}`)],
    ['setIfAbsent', (key) => store.setIfAbsent(key, 'v')],
    ['setMany', (key) => store.setMany([[key, 'v']])],
  ];
  it.each(half)('are half of the pool of a write that travels alone: %s', async (_, call) => {
    const most = await mostInUse(call);
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(MAX / 2);
  });

  it('may be all of the pool of scans', async () => {
    expect(await mostInUse((key) => collect(store.scan(key)))).toBeGreaterThan(MAX / 2);
  });
});
