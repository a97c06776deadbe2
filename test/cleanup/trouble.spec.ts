import { describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { INestApplicationContext } from '@nestjs/common';
import { cleanupOf } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { LogCapture } from '../support/log.js';
import { gateAt } from './support/gate.js';
import { allowDeletes, forbidDeletes, idsOf, insertExpired } from './support/rows.js';

const JOB = 'postgres-session:default:cleanup';

/** Fires only when a test says so. */
const YEARLY = '0 0 1 1 *';

/** One tick of the job, to its end. */
async function tick(app: INestApplicationContext): Promise<void> {
  await app.get(SchedulerRegistry).getCronJob(JOB).fireOnTick();
}

describe('a job in trouble', () => {
  const harness = Harness.use();

  it('logs a failed sweep once, with its cause, and tries again at the next tick', async () => {
    const tableName = harness.table();
    const log = new LogCapture();
    const { app, cleanup } = await harness.startStore(
      { tableName, cleanup: { cron: YEARLY } },
      log,
    );
    await insertExpired(harness, tableName, 3);
    await forbidDeletes(harness, tableName, 'the table is on holiday');
    await tick(app);
    expect(log.complaints).toHaveLength(1);
    expect(log.complaints[0]).toContain('the table is on holiday');
    expect(cleanup.lastSweep).toMatchObject({ deleted: 0, skipped: false, error: 'ERR_QUERY' });
    expect(await idsOf(harness, tableName)).toHaveLength(3);
    await allowDeletes(harness, tableName);
    await tick(app);
    expect(log.complaints).toHaveLength(1);
    expect(cleanup.lastSweep).toMatchObject({ deleted: 3, skipped: false });
    expect(cleanup.lastSweep).not.toHaveProperty('error');
    expect(await idsOf(harness, tableName)).toEqual([]);
  });

  it('does not complain of another sweeper', async () => {
    const tableName = harness.table();
    const log = new LogCapture();
    const { app } = await harness.startStore({ tableName, cleanup: { cron: YEARLY } });
    const other = await harness.startStore({ tableName, cleanup: { cron: YEARLY } }, log);
    await insertExpired(harness, tableName, 3);
    const gate = await gateAt(harness, tableName, 'gone1');
    const sweeping = tick(app);
    await gate.reached();
    await tick(other.app);
    await gate.open();
    await sweeping;
    expect(log.complaints).toEqual([]);
    expect(await idsOf(harness, tableName)).toEqual([]);
  });
});

describe('the end of cleanup', () => {
  const harness = Harness.use();

  async function expectNoSweepAnyMore(app: INestApplicationContext, tableName: string) {
    const registry = app.get(SchedulerRegistry);
    if (registry.doesExist('cron', JOB)) await tick(app);
    const nothing = { deleted: 0, batches: 0, skipped: true, durationMs: 0 };
    expect(await cleanupOf(app).sweep()).toEqual(nothing);
    expect(await idsOf(harness, tableName)).toHaveLength(3);
  }

  it('comes for good with the option’s signal', async () => {
    const tableName = harness.table();
    const controller = new AbortController();
    const { app } = await harness.startStore({
      tableName,
      cleanup: { cron: YEARLY, signal: controller.signal },
    });
    await insertExpired(harness, tableName, 3);
    await tick(app);
    expect(await idsOf(harness, tableName)).toEqual([]);
    controller.abort();
    await insertExpired(harness, tableName, 3);
    await expectNoSweepAnyMore(app, tableName);
  });

  it('may have come before the start', async () => {
    const tableName = harness.table();
    const { app } = await harness.startStore({
      tableName,
      cleanup: { cron: YEARLY, signal: AbortSignal.abort() },
    });
    await insertExpired(harness, tableName, 3);
    await expectNoSweepAnyMore(app, tableName);
  });

  it('comes in the midst of a sweep when the signal is given then', async () => {
    const tableName = harness.table();
    const log = new LogCapture();
    const controller = new AbortController();
    const cleanup = { cron: YEARLY, batchSize: 1, signal: controller.signal };
    const { app } = await harness.startStore({ tableName, cleanup }, log);
    await insertExpired(harness, tableName, 9);
    const gate = await gateAt(harness, tableName, 'gone3');
    const sweeping = tick(app);
    await gate.reached();
    controller.abort();
    await gate.open();
    await sweeping;
    expect(await idsOf(harness, tableName)).toContain('gone9');
    expect(log.complaints).toEqual([]);
  });

  it('comes early at shutdown', async () => {
    const tableName = harness.table();
    const log = new LogCapture();
    const cleanup = { cron: YEARLY, batchSize: 1 };
    const { app, store, close } = await harness.startStore({ tableName, cleanup }, log);
    await insertExpired(harness, tableName, 9);
    const gate = await gateAt(harness, tableName, 'gone3');
    const sweeping = tick(app);
    await gate.reached();
    const stopping = jest.spyOn(store, 'close');
    const closing = close();
    await waitFor(() => stopping.mock.calls.length > 0);
    await gate.open();
    await Promise.all([closing, sweeping]);
    const left = await idsOf(harness, tableName);
    expect(left).not.toContain('gone2');
    expect(left).toContain('gone9');
    expect(log.complaints).toEqual([]);
  });
});
