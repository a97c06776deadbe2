import { describe, expect, it } from '@jest/globals';
import { DEADLOCK_CHECK, TIMINGS } from '../../lib/timings.js';

const {
  TICK,
  SLOW_BATCH,
  SILENT_CONNECTION,
  READ_PATIENCE,
  FIRST_LOCK_WAIT,
  LOCKED_WAIT,
  TRUNCATE_LOCK_WAIT,
  SWEEP_LOCK_WAIT,
  SWEEP_STATEMENT,
  SWEEP_ANSWER,
  LONGEST_REST,
  TRANSACTION_IDLE,
  TERMINATE,
  TERMINATE_ANSWER,
  HEDGE_CONNECT,
  CONNECT,
  POOLER_ANSWER,
  START_CHECK,
} = TIMINGS;

/** What must hold between the times of the inside, as the header of `lib/timings.ts` says. */
describe('The timings', () => {
  it.each([
    ['a slow batch is found about when it becomes slow', TICK, SLOW_BATCH],
    [
      'a batch that only waits for a lock gives up before it counts as slow',
      FIRST_LOCK_WAIT + TICK,
      SLOW_BATCH,
    ],
    ['a call that waits for a lock gives up before it counts as slow', LOCKED_WAIT, SLOW_BATCH],
    ['calls pass by a slow batch before its connection is given up', SLOW_BATCH, SILENT_CONNECTION],
    ['calls pass by a slow read before it is tried again elsewhere', SLOW_BATCH, READ_PATIENCE],
    ['a read is tried again before its connection is silent', READ_PATIENCE, SILENT_CONNECTION],
    [
      'a truncation gives way before the server looks for a deadlock',
      TRUNCATE_LOCK_WAIT,
      DEADLOCK_CHECK,
    ],
    ['a sweep gives way before the server looks for a deadlock', SWEEP_LOCK_WAIT, DEADLOCK_CHECK],
    ['a sweep may rest in the transaction of its next page', LONGEST_REST, TRANSACTION_IDLE],
    ['a statement of a sweep may wait for a row lock', SWEEP_LOCK_WAIT, SWEEP_STATEMENT],
    ['the answer to a termination is waited for', TERMINATE, TERMINATE_ANSWER],
    ['a second attempt to connect ends before the next one', 2 * TICK, HEDGE_CONNECT],
    ['a pooler without a second backend is found out in time', 2 * POOLER_ANSWER, START_CHECK],
    ['a second attempt to connect starts while the first may succeed', HEDGE_CONNECT, CONNECT],
  ])('are such that %s', (_, less, more) => {
    expect(less).toBeLessThan(more);
  });

  it('are such that the server ends a page of a sweep before its connection is taken for dead', () => {
    expect(LONGEST_REST + 2 * SWEEP_STATEMENT + SWEEP_LOCK_WAIT).toBeLessThanOrEqual(SWEEP_ANSWER);
  });

  it('are whole milliseconds', () => {
    const times = Object.values<number>(TIMINGS);
    expect(times.filter((ms) => !Number.isInteger(ms) || ms <= 0)).toEqual([]);
  });
});
