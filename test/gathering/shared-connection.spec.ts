import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Client, Notification, Pool } from 'pg';
import type { PostgresSessionError, PostgresSessionStore } from '../../lib/index.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import type { RunningStore } from '../support/app.js';

const TABLE = 'shared_connection_sessions';
const LARGE = 3_000_000;

describe('Gets that share a connection', () => {
  const harness = Harness.use();
  let admin: Client;
  let pool: Pool;
  let running: RunningStore;
  let store: PostgresSessionStore;

  beforeEach(async () => {
    pool = harness.pool({ max: 4 });
    running = await harness.startStore({ pool, tableName: TABLE });
    store = running.store;
    admin = await harness.connect();
    await store.setMany([
      ['a', 'value of a'],
      ['b', 'value of b'],
    ]);
    await Promise.all([store.get('a'), store.get('b')]);
    await store.get('a');
  });

  const text = async (get: Promise<Buffer | undefined>): Promise<string | undefined> =>
    (await get)?.toString();

  /** Two gets, of which the second was sent while the first still waits for a lock. */
  async function twoUnderWay(): Promise<[a: Promise<string>, b: Promise<string>, pid: number]> {
    await admin.query(`BEGIN; LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`);
    const outcome = (get: Promise<Buffer | undefined>): Promise<string> =>
      text(get).then(String, (error: unknown) => (error as PostgresSessionError).code);
    const a = outcome(store.get('a'));
    await nextTurn();
    const b = outcome(store.get('b'));
    const pid = await waitFor(async () => (await waitingBackends())[0], {
      what: 'a get that waits',
    });
    return [a, b, pid];
  }

  async function waitingBackends(): Promise<number[]> {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE relation = '${TABLE}'::regclass AND NOT granted`,
    );
    return rows.map(({ pid }) => pid);
  }

  it('need no second connection', async () => {
    const connections = pool.totalCount;
    const [a, b] = await twoUnderWay();
    expect(await waitingBackends()).toHaveLength(1);
    expect(pool.totalCount).toBe(connections);
    await admin.query('COMMIT');
    expect(await Promise.all([a, b])).toEqual(['value of a', 'value of b']);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it('are both made again when it is lost', async () => {
    const [a, b, pid] = await twoUnderWay();
    await admin.query('SELECT pg_terminate_backend($1)', [pid]);
    await admin.query('COMMIT');
    expect(await Promise.all([a, b])).toEqual(['value of a', 'value of b']);
  });

  it('fail each for itself', async () => {
    const [a, b, pid] = await twoUnderWay();
    await admin.query('SELECT pg_cancel_backend($1)', [pid]);
    expect(await a).toBe('ERR_TIMEOUT');
    await admin.query('COMMIT');
    expect(await b).toBe('value of b');
    expect(await text(store.get('a'))).toBe('value of a');
  });

  it('bring back large values in many pieces', async () => {
    const values = new Map(['x', 'y', 'z'].map((key) => [key, randomBytes(LARGE)]));
    await store.setMany(values);
    const read = async (key: string): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        expect((await store.get(key))?.equals(values.get(key) as Buffer)).toBe(true);
        await nextTurn();
      }
    };
    await Promise.all([...values.keys()].map(read));
  });

  it('leave the application its notifications, which arrive in between', async () => {
    await running.close();
    const alone = harness.pool({ max: 1 });
    ({ store } = await harness.startStore({ pool: alone, tableName: TABLE }));
    const received: string[] = [];
    const client = await alone.connect();
    await client.query('LISTEN news');
    client.on('notification', ({ payload }: Notification) => received.push(payload ?? ''));
    client.release();

    const payloads = Array.from({ length: 300 }, (_, n) => `${n}:${'D'.repeat(n * 20)}`);
    const notify = async (): Promise<void> => {
      for (const payload of payloads)
        await admin.query('SELECT pg_notify($1, $2)', ['news', payload]);
    };
    let notified = false;
    const read = async (key: string): Promise<void> => {
      while (!notified) expect(await text(store.get(key))).toBe(`value of ${key}`);
    };
    await Promise.all([notify().then(() => (notified = true)), read('a'), read('b')]);
    await waitFor(() => received.length === payloads.length, { what: 'every notification' });
    expect(received).toEqual(payloads);
  });
});
