import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { PostgresSessionModule } from '../../lib/index.js';
import { waitFor } from '../support/conditions.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { cleanupOf } from '../support/app.js';
import { idsOf, insertExpired } from './support/rows.js';

const JOB = 'postgres-session:default:cleanup';

@Injectable()
class Clock {
  /** The seconds in which it ticked. */
  readonly ticks: number[] = [];

  @Cron('* * * * * *', { name: 'clock' })
  tick(): void {
    this.ticks.push(Math.round(Date.now() / 1000));
  }
}

describe('the cleanup job', () => {
  const harness = Harness.use();

  it('is registered under the store’s name, every five minutes by default', async () => {
    // As if the option were not given.
    const { app } = await harness.startStore({ tableName: harness.table(), cleanup: undefined });
    const registry = app.get(SchedulerRegistry);
    expect([...registry.getCronJobs().keys()]).toEqual([JOB]);
    const [next, second] = registry.getCronJob(JOB).nextDates(2);
    expect(second.toMillis() - next.toMillis()).toBe(5 * 60_000);
    expect(next.minute % 5).toBe(0);
  });

  it('keeps to cron and timeZone', async () => {
    const { app } = await harness.startStore({
      tableName: harness.table(),
      name: 'users',
      cleanup: { cron: '30 4 * * *', timeZone: 'Asia/Kolkata' },
    });
    const job = app.get(SchedulerRegistry).getCronJob('postgres-session:users:cleanup');
    const next = job.nextDate().setZone('Asia/Kolkata');
    expect([next.hour, next.minute]).toEqual([4, 30]);
  });

  it('sweeps at every tick', async () => {
    const tableName = harness.table();
    const { close } = await harness.startStore({ tableName, cleanup: { cron: '* * * * * *' } });
    await insertExpired(harness, tableName, 3);
    await waitFor(async () => (await idsOf(harness, tableName)).length === 0);
    await insertExpired(harness, tableName, 2);
    await waitFor(async () => (await idsOf(harness, tableName)).length === 0);
    await close();
  });

  it('leaves the application’s own jobs alone: they fire once a tick', async () => {
    const app = await harness.start({
      imports: [
        ScheduleModule.forRoot(),
        PostgresSessionModule.forRoot({ connection: harness.url, tableName: harness.table() }),
      ],
      providers: [Clock],
    });
    expect([...app.get(SchedulerRegistry).getCronJobs().keys()].toSorted()).toEqual(['clock', JOB]);
    const { ticks } = app.get(Clock);
    await waitFor(() => ticks.length >= 2);
    await app.close();
    expect(new Set(ticks).size).toBe(ticks.length);
  });

  it.each(['before', 'after'])('does not mind a scheduler imported %s it', async (place) => {
    const session = PostgresSessionModule.forRoot({
      connection: harness.url,
      tableName: harness.table(),
    });
    const imports = [ScheduleModule.forRoot(), session];
    const app = await harness.start({
      imports: place === 'before' ? imports : imports.toReversed(),
    });
    expect(app.get(SchedulerRegistry).doesExist('cron', JOB)).toBe(true);
  });

  it('does not mind a scheduler imported elsewhere in the application', async () => {
    class ChoresModule {}
    const app = await harness.start({
      imports: [
        PostgresSessionModule.forRoot({ connection: harness.url, tableName: harness.table() }),
        { module: ChoresModule, imports: [ScheduleModule.forRoot()] },
      ],
    });
    expect(app.get(SchedulerRegistry, { strict: false }).doesExist('cron', JOB)).toBe(true);
  });

  it('needs a scheduler: without one the start fails and names both ways out', async () => {
    const session = PostgresSessionModule.forRoot({
      connection: harness.url,
      tableName: harness.table(),
    });
    const error = await ownFailureOf(harness.start({ imports: [session] }));
    expect(error.code).toBe('ERR_SCHEDULER_MISSING');
    expect(error.message).toContain('ScheduleModule.forRoot()');
    expect(error.message).toContain('cleanup: false');
  });
});

describe('cleanup: false', () => {
  const harness = Harness.use();

  it('needs no scheduler, and sweep() works', async () => {
    const tableName = harness.table();
    const app = await harness.start({
      imports: [
        PostgresSessionModule.forRoot({ connection: harness.url, tableName, cleanup: false }),
      ],
    });
    await insertExpired(harness, tableName, 3);
    expect(await cleanupOf(app).sweep()).toMatchObject({ deleted: 3, skipped: false });
  });

  it('makes no job where there is a scheduler', async () => {
    const { app } = await harness.startStore({ tableName: harness.table(), cleanup: false });
    expect(app.get(SchedulerRegistry).getCronJobs().size).toBe(0);
  });
});
