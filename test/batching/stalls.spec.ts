import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { outcomes, pass, settle, standStill, useEngines, type Engine } from './support/engine.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');

/** More than one look at the deadlines. */
const LOOK = TIMINGS.TICK + 1;

/**
 * Time is that in which the process could have read an answer. While its event loop stands still (a
 * breakpoint, a collection of garbage, a frozen container) no time passes for a call.
 */
describe('An event loop that stood still', () => {
  const newEngine = useEngines();

  it('leaves calls the time that they had left', async () => {
    const engine = newEngine({ timeout: 1_000 });
    const call = engine.call(get, 'a');
    await pass(500);
    standStill(10_000);
    await pass(500 - LOOK);
    expect(call.outcome).toBe('pending');
    await pass(3 * LOOK);
    expect(call.outcome).toBe('rejected: timed out');
  });

  it('leaves batches the time that they had left', async () => {
    const engine = newEngine({ timeout: 1_000 });
    engine.call(set, 'a');
    await pass(500);
    standStill(10_000);
    await pass(900);
    expect(engine.discarded).toEqual([]);
    await pass(200 + LOOK);
    expect(engine.discarded).toHaveLength(1);
  });

  it('gives the calls that are made right after it no more time than others', async () => {
    const engine = newEngine({ timeout: 1_000 });
    engine.call(set, 'a');
    await pass(50);
    standStill(10_000);
    const calls = [engine.call(get, 'b')];
    await pass(LOOK);
    calls.push(engine.call(get, 'c'));
    await pass(1_000 + LOOK);
    expect(outcomes(calls)).toEqual(['rejected: timed out', 'rejected: timed out']);
  });

  it('makes no connection look silent', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.call(set, 'a');
    await pass(50);
    standStill(10_000);
    engine.call(get, 'at once');
    await settle();
    await engine.answer('get at once');
    await pass(200);
    engine.call(get, 'slow');
    await pass(TIMINGS.SILENT_CONNECTION + 2 * LOOK);
    expect(engine.discarded).toEqual([]);
  });
});

describe('Answers that arrive while the event loop stands still', () => {
  const newEngine = useEngines({ realTime: true });

  /** Timers run first after a stall, and answers are read from the sockets after them. */
  async function answerAfterStall({ source }: Engine): Promise<void> {
    // To the phase behind that of the timers, so that the answers come in the next round of the loop.
    await settle();
    setImmediate(() => {
      [...source.inFlight].forEach((sent) => sent.answer());
    });
    const until = performance.now() + 300;
    while (performance.now() < until) {
      // Nothing else runs.
    }
    await settle();
  }

  it('reach their calls, however long it was', async () => {
    const engine = newEngine({ timeout: 50 });
    const calls = [engine.call(get, 'a'), engine.call(set, 'b')];
    await answerAfterStall(engine);
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: b']);
    expect(engine.discarded).toEqual([]);
  });

  it('reach their calls while the batcher closes', async () => {
    const engine = newEngine({ timeout: 5_000 });
    const call = engine.call(set, 'a');
    await settle();
    const closed = engine.batcher.close(50);
    await answerAfterStall(engine);
    expect(call.outcome).toBe('resolved: a');
    await closed;
    expect(engine.discarded).toEqual([]);
  });
});
