import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PostgresSessionStore } from '../../lib/index.js';
import { Harness } from '../support/harness.js';

const CALLERS = 64;
const CALLS = 30;

describe('Writes that share statements', () => {
  const harness = Harness.useServer();
  let store: PostgresSessionStore;

  beforeEach(async () => {
    ({ store } = await harness.startStore());
  });

  /** Transactions that wrote, on the whole server. */
  async function transactions(): Promise<number> {
    const [{ xid }] = await harness.sql<{ xid: string }>(
      'SELECT pg_snapshot_xmax(pg_current_snapshot()) AS xid',
    );
    return Number(xid);
  }

  async function transactionsOf(work: () => Promise<unknown>): Promise<number> {
    const before = await transactions();
    await work();
    return (await transactions()) - before;
  }

  /** Callers that each wait for their call before they make the next one. */
  async function inTurns(callers: number, call: (key: string) => Promise<unknown>): Promise<void> {
    const caller = async (_: unknown, n: number): Promise<void> => {
      for (let turn = 0; turn < CALLS; turn++) await call(`key ${n}`);
    };
    await Promise.all(Array.from({ length: callers }, caller));
  }

  it('are few when many callers write at once', async () => {
    // Connections are made, and plans.
    await inTurns(CALLERS, (key) => store.set(key, 'value'));
    await inTurns(CALLERS, (key) => store.touch(key, 60_000));
    const sets = await transactionsOf(() => inTurns(CALLERS, (key) => store.set(key, 'value')));
    const touches = await transactionsOf(() => inTurns(CALLERS, (key) => store.touch(key, 60_000)));
    // Two statements a turn when all goes evenly, one for each lane.
    expect(sets).toBeLessThanOrEqual(CALLS * 4);
    expect(touches).toBeLessThanOrEqual(CALLS * 4);
  });

  it('carry one write each where one caller makes them', async () => {
    const sets = await transactionsOf(() => inTurns(1, (key) => store.set(key, 'value')));
    expect(sets).toBe(CALLS);
  });
});
