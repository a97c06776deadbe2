import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { outcomes, pass, settle, useEngines } from './support/engine.js';
import { serverAway } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');

/** More than one look at the deadlines. */
const LOOK = TIMINGS.TICK + 1;

describe('A call is told in its time', () => {
  const newEngine = useEngines();

  it('if it is not answered', async () => {
    const engine = newEngine({ timeout: 1_000 });
    const call = engine.call(get, 'a');
    await pass(900);
    expect(call.outcome).toBe('pending');
    await pass(100 + LOOK);
    expect(call.outcome).toBe('rejected: timed out');
  });

  it('if its time is shorter than that between two looks at the others', async () => {
    const engine = newEngine({ timeout: 20 });
    const call = engine.call(get, 'a');
    await pass(41);
    expect(call.outcome).toBe('rejected: timed out');
  });

  it('if no connection comes', async () => {
    const engine = newEngine({ timeout: 1_000 });
    engine.source.isHeld = true;
    const call = engine.call(get, 'a');
    await pass(1_000 + LOOK);
    expect(call.outcome).toBe('rejected: timed out');
  });

  it('if no connection is to be had', async () => {
    const engine = newEngine({ timeout: 1_000 });
    engine.source.refusal = serverAway();
    const call = engine.call(get, 'a');
    await pass(1_000 + LOOK);
    await expect(call.promise).rejects.toMatchObject({
      message: 'timed out',
      cause: { message: 'server away' },
    });
  });

  it('if it waits for one on its key, and is never sent then', async () => {
    const engine = newEngine({ timeout: 1_000 });
    engine.call(set, 'a', '1');
    await pass(100);
    const call = engine.call(set, 'a', '2');
    await pass(1_000 + LOOK);
    expect(call.outcome).toBe('rejected: timed out');
    await engine.answer('set a=1');
    expect(engine.source.history).toEqual(['set a=1']);
  });

  it('and never before, if there is no time in which it has to settle', async () => {
    const engine = newEngine({ timeout: null });
    const calls = [engine.call(get, 'a'), engine.call(set, 'b')];
    await pass(20_000);
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: b']);
  });
});

/** A connection is discarded only for what its own statement did, whoever still waits for it. */
describe('A batch is given up', () => {
  const newEngine = useEngines();

  it('for its own age, and not for that of a call which waited before it was sent', async () => {
    const engine = newEngine({ timeout: 1_000 });
    engine.call(set, 'a', '1');
    await pass(100);
    const old = engine.call(get, 'a');
    await pass(700);
    await engine.answer('set a=1');
    expect(engine.inFlight).toEqual(['get a']);
    await pass(900);
    expect(old.outcome).toBe('rejected: timed out');
    expect(engine.discarded).toEqual([]);
    await pass(100 + LOOK);
    expect(engine.discarded).toHaveLength(1);
  });

  it('if it writes, only after the server has had the time to end it', async () => {
    const engine = newEngine({ timeout: 1_000 });
    engine.call(set, 'a');
    await pass(1_000 + TIMINGS.ANSWER_MARGIN - LOOK);
    expect(engine.discarded).toEqual([]);
    await pass(2 * LOOK);
    expect(engine.discarded).toHaveLength(1);
  });

  it('also if nobody waits for it any more, and frees its keys', async () => {
    const engine = newEngine({ timeout: 1_000 });
    const aborting = new AbortController();
    engine.call(set, 'a', '1', { signal: aborting.signal });
    await settle();
    aborting.abort(new Error('gone'));
    await pass(1_000 + TIMINGS.ANSWER_MARGIN + LOOK);
    expect(engine.discarded).toHaveLength(1);
    engine.call(set, 'a', '2');
    await settle();
    await engine.answer('set a=2');
  });

  it('never, if there is no time in which calls have to settle', async () => {
    const engine = newEngine({ timeout: null });
    engine.call(set, 'a');
    await pass(20_000);
    expect(engine.discarded).toEqual([]);
  });
});

/** An abort ends the wait of a caller, and nothing else. */
describe('A caller that aborts', () => {
  const newEngine = useEngines();

  it('before the call is refused, and nothing is sent', async () => {
    const engine = newEngine();
    const call = engine.call(get, 'a', '', { signal: AbortSignal.abort(new Error('gone')) });
    await settle();
    expect(call.outcome).toBe('rejected: gone');
    expect(engine.source.acquired).toBe(0);
  });

  it('while the call waits is told at once, and it is never sent', async () => {
    const engine = newEngine();
    engine.source.isHeld = true;
    const aborting = new AbortController();
    const call = engine.call(get, 'a', '', { signal: aborting.signal });
    engine.call(get, 'b');
    aborting.abort(new Error('gone'));
    await settle();
    expect(call.outcome).toBe('rejected: gone');
    engine.source.grant();
    expect(engine.inFlight).toEqual(['get b']);
  });

  it('while the call is in flight is told at once, and later calls on its key still wait', async () => {
    const engine = newEngine();
    const aborting = new AbortController();
    const call = engine.call(set, 'a', '1', { signal: aborting.signal });
    engine.call(get, 'a');
    await settle();
    aborting.abort(new Error('gone'));
    await settle();
    expect(call.outcome).toBe('rejected: gone');
    expect(engine.inFlight).toEqual(['set a=1']);
    await engine.answer('set a=1');
    expect(engine.inFlight).toEqual(['get a']);
    expect(engine.discarded).toEqual([]);
  });

  it('does not keep the others of the batch from their results', async () => {
    const engine = newEngine();
    const aborting = new AbortController();
    engine.call(get, 'a', '', { signal: aborting.signal });
    const other = engine.call(get, 'b');
    await settle();
    aborting.abort(new Error('gone'));
    await engine.answer('get a b');
    expect(other.outcome).toBe('resolved: b');
  });

  it('is no longer listened to when the call has settled', async () => {
    const engine = newEngine();
    const { signal } = new AbortController();
    const call = engine.call(get, 'a', '', { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await settle();
    await engine.answer('get a');
    expect(call.outcome).toBe('resolved: a');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
