import { describe, expect, it } from '@jest/globals';
import { Harness } from '../../support/harness.js';
import { blockedBy } from '../../support/locks.js';
import { ignore } from '../../support/neighbours/neighbour.js';
import { POOL_KINDS } from './load/settings.js';
import { startBeside, wrongAnswers, wrongAnswersBehind } from './support/beside.js';

/** Milliseconds that pg waits for a query. */
const QUERY_TIMEOUT = 250;

describe.each(POOL_KINDS)('A query that times out in the driver (%s pool)', (kind) => {
  const harness = Harness.use();
  const start = () => startBeside(harness, kind, {}, { query_timeout: QUERY_TIMEOUT });

  const pass = (milliseconds: number): Promise<unknown> =>
    harness.sql(`SELECT pg_sleep(${milliseconds / 1_000})`);

  it('leaves gets with their answers when the application gives its client back', async () => {
    const beside = await start();
    const timeOut = async (): Promise<void> => {
      const client = await beside.pool.connect();
      client.once('error', ignore);
      // Answered before the gets behind it time out as well.
      const late = client.query(`SELECT pg_sleep(${(1.5 * QUERY_TIMEOUT) / 1_000})`);
      await expect(late).rejects.toThrow('Query read timeout');
      client.release();
    };
    expect(await wrongAnswersBehind(beside, 5, timeOut)).toEqual([]);
  });

  it('is tried again when it was a get', async () => {
    const beside = await start();
    const holder = await harness.connect();
    await holder.query(`BEGIN; LOCK TABLE ${beside.tableName} IN ACCESS EXCLUSIVE MODE`);
    const wrong = wrongAnswers(beside);
    await blockedBy(harness, holder);
    await pass(2 * QUERY_TIMEOUT);
    await holder.query('COMMIT');
    expect(await wrong).toEqual([]);
    expect(await wrongAnswers(beside)).toEqual([]);
  });

  it('is none that was answered: no timer of it is left', async () => {
    const beside = await startBeside(harness, kind, {}, { query_timeout: 60_000 });
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    await wrongAnswers(beside);
    const before = timers();
    expect(await wrongAnswersBehind(beside, 50, () => beside.store.set('key', 'value'))).toEqual(
      [],
    );
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
