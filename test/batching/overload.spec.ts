import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { outcomes, pass, settle, useEngines, type Engine } from './support/engine.js';
import { reading, writing } from './support/operations.js';

/** One call at a time, so that others wait behind it. */
const set = writing('set', { concurrency: 1, maxRows: 1 });

describe('More calls than may wait', () => {
  const newEngine = useEngines();

  it('are refused at once', async () => {
    const engine = newEngine({ maxQueue: 2 });
    const calls = engine.calls(set, ['a', 'b', 'c']);
    await settle();
    expect(outcomes(calls)).toEqual(['pending', 'pending', 'rejected: overloaded']);
  });

  it('have room again as soon as others have settled', async () => {
    const engine = newEngine({ maxQueue: 2 });
    const aborting = new AbortController();
    engine.call(set, 'a');
    engine.call(set, 'b', '', { signal: aborting.signal });
    await settle();
    expect(engine.batcher.hasRoomFor(1)).toBe(false);
    await engine.answer('set a');
    aborting.abort(new Error('gone'));
    expect(engine.batcher.hasRoomFor(2)).toBe(true);
    expect(engine.batcher.hasRoomFor(3)).toBe(false);
  });
});

/** While there is more to do than can be done in time, what can still be answered goes first. */
describe('Calls that wait for a batch', () => {
  const newEngine = useEngines();

  it('go oldest first', async () => {
    const engine = newEngine();
    engine.calls(set, ['a', 'b', 'c', 'd']);
    await settle();
    await engine.answerAll();
    expect(engine.source.history).toEqual(['set a', 'set b', 'set c', 'set d']);
  });

  it('go newest first after some of them ran out of time', async () => {
    const engine = newEngine({ timeout: 300 });
    const late = engine.calls(set, ['slow', 'late 1', 'late 2']);
    await pass(310);
    engine.calls(set, ['a', 'b', 'c']);
    await engine.answer('set slow');
    await engine.answerAll();
    expect(outcomes(late)).toEqual(Array(3).fill('rejected: timed out'));
    expect(engine.source.history).toEqual(['set slow', 'set c', 'set b', 'set a']);
  });

  it('go oldest first again when none has run out of time for a while', async () => {
    const engine = newEngine({ timeout: 300 });
    engine.calls(set, ['slow', 'late 1', 'late 2']);
    await pass(310);
    await engine.answer('set slow');
    await pass(TIMINGS.OVERLOAD_MEMORY);
    engine.calls(set, ['a', 'b', 'c']);
    await settle();
    await engine.answerAll();
    expect(engine.source.history).toEqual(['set slow', 'set a', 'set b', 'set c']);
  });

  it('leave the keys of those that ran out of time free', async () => {
    const engine = newEngine({ timeout: 300 });
    engine.calls(set, ['slow', 'late']);
    await pass(310);
    engine.calls(set, ['late', 'a', 'b']);
    await engine.answer('set slow');
    expect(engine.inFlight).toEqual(['set late']);
  });

  it('leave the keys of those whose callers aborted free', async () => {
    const engine = newEngine({ timeout: 300 });
    engine.calls(set, ['slow', 'late']);
    await pass(310);
    engine.calls(set, ['a']);
    const aborting = new AbortController();
    engine.call(set, 'b', '1', { signal: aborting.signal });
    engine.call(set, 'b', '2');
    aborting.abort(new Error('gone'));
    await engine.answer('set slow');
    expect(engine.inFlight).toEqual(['set b=2']);
  });

  /** A server that takes `ms` milliseconds for each call. */
  async function answerSlowly(engine: Engine, ms: number): Promise<void> {
    for (let n = 0; n < 20; n += 1) {
      engine.call(set, `before ${n}`);
      await pass(ms);
      await engine.answer(`set before ${n}`);
    }
  }

  it('are not sent if what is left of their time is less than a batch takes', async () => {
    const engine = newEngine({ timeout: 400 });
    await answerSlowly(engine, 180);
    const calls = engine.calls(set, ['slow', 'late']);
    await pass(300);
    await engine.answer('set slow');
    expect(outcomes(calls)).toEqual(['resolved: slow', 'rejected: timed out']);
    const late = engine.call(set, 'late', 'again');
    await settle();
    await engine.answer('set late=again');
    expect(late.outcome).toBe('resolved: late=again');
    expect(engine.source.history).not.toContain('set late');
  });

  it('are sent while half of their time is left, however long batches took', async () => {
    const engine = newEngine({ timeout: 400 });
    await answerSlowly(engine, 390);
    engine.calls(set, ['slow', 'next']);
    await pass(190);
    await engine.answer('set slow');
    expect(engine.inFlight).toEqual(['set next']);
  });
});

/** Other reasons to run out of time say nothing about how much there is to do. */
describe('The order of calls that wait is not turned round', () => {
  const newEngine = useEngines();

  it('by calls that ran out of time behind another one on their key', async () => {
    const engine = newEngine({ timeout: 300 });
    engine.call(reading('get'), 'a');
    const late = engine.call(set, 'a');
    await pass(310);
    expect(late.outcome).toBe('rejected: timed out');
    engine.calls(set, ['b', 'c', 'd']);
    await settle();
    await engine.answer('set b');
    await engine.answer('set c');
  });

  it('by calls that share the place of one in flight', async () => {
    const engine = newEngine({ timeout: 300 });
    const touch = { ...set, concurrency: 2, share: (live: string) => live };
    engine.calls(touch, ['a', 'a']);
    await pass(310);
    engine.calls(touch, ['b', 'c', 'd']);
    await settle();
    await engine.answer('set b');
    await engine.answer('set c');
  });
});
