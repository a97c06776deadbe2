import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/conditions.js';
import { failureOf, ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { advisoryLocksOf } from '../support/locks.js';
import { gateAt } from './support/gate.js';
import { allowDeletes, forbidDeletes, idsOf, insertExpired } from './support/rows.js';

const SKIPPED = { deleted: 0, batches: 0, skipped: true };

describe('one sweeper among many', () => {
  const harness = Harness.use();

  /** Two applications on one table that holds expired rows, and somebody to hold them up. */
  async function twoApps(rows = 30) {
    const tableName = harness.table();
    const names = [`first-${tableName}`, `second-${tableName}`];
    const cleanups = [];
    for (const name of names) {
      const { cleanup } = await harness.startStore({
        connection: harness.urlNamed(name),
        tableName,
        cleanup: { batchSize: 10 },
      });
      cleanups.push(cleanup);
    }
    await insertExpired(harness, tableName, rows);
    return { tableName, first: cleanups[0], second: cleanups[1], names };
  }

  async function noLockLeft(names: string[]): Promise<void> {
    for (const name of names) expect(await advisoryLocksOf(harness, name)).toBe(0);
  }

  it('skips while another application sweeps, and sweeps when that one is done', async () => {
    const { tableName, first, second, names } = await twoApps();
    const gate = await gateAt(harness, tableName, 'gone1');
    const sweeping = first.sweep();
    await gate.reached();
    expect(await second.sweep()).toMatchObject(SKIPPED);
    await gate.open();
    expect(await sweeping).toMatchObject({ deleted: 30, skipped: false });
    await noLockLeft(names);
    await insertExpired(harness, tableName, 4);
    expect(await second.sweep()).toMatchObject({ deleted: 4, skipped: false });
  });

  it('skips while the same application sweeps', async () => {
    const { tableName, first } = await twoApps();
    const gate = await gateAt(harness, tableName, 'gone1');
    const sweeping = first.sweep();
    await gate.reached();
    expect(await first.sweep()).toMatchObject(SKIPPED);
    await gate.open();
    expect(await sweeping).toMatchObject({ deleted: 30, skipped: false });
  });

  it('gives the lock back after a sweep that failed', async () => {
    const { tableName, first, second, names } = await twoApps();
    await forbidDeletes(harness, tableName, 'not today');
    const error = await ownFailureOf(first.sweep());
    expect(error.cause).toMatchObject({ message: 'not today' });
    await noLockLeft(names);
    await allowDeletes(harness, tableName);
    expect(await second.sweep()).toMatchObject({ deleted: 30, skipped: false });
  });

  it('gives the lock back after a sweep whose connection broke', async () => {
    const { tableName, first, second } = await twoApps();
    const gate = await gateAt(harness, tableName, 'gone1');
    const failing = failureOf(first.sweep());
    const pid = await gate.reached();
    await harness.sql('SELECT pg_terminate_backend($1)', [pid]);
    await failing;
    await gate.open();
    const report = await waitFor(async () => {
      const answer = await second.sweep();
      return !answer.skipped && answer;
    });
    expect(report).toMatchObject({ deleted: 30 });
  });

  it('ends early at its signal, and gives the lock back', async () => {
    const { tableName, first, second, names } = await twoApps();
    // The second batch begins with this row.
    const gate = await gateAt(harness, tableName, 'gone11');
    const controller = new AbortController();
    const sweeping = Promise.allSettled([first.sweep({ signal: controller.signal })]);
    await gate.reached();
    controller.abort(new Error('enough'));
    await gate.open();
    await sweeping;
    await noLockLeft(names);
    const left = await idsOf(harness, tableName);
    expect(left).not.toContain('gone1');
    expect(left).toContain('gone30');
    expect(await second.sweep()).toMatchObject({ deleted: left.length, skipped: false });
  });

  it('does not begin when the signal has been given already', async () => {
    const { tableName, first, names } = await twoApps();
    await Promise.allSettled([first.sweep({ signal: AbortSignal.abort() })]);
    expect(await idsOf(harness, tableName)).toHaveLength(30);
    await noLockLeft(names);
  });
});
