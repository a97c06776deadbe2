import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { outcomes, pass, settle, useEngines, type Engine } from './support/engine.js';
import { connectionEnded, connectionLost } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');
const setMany = writing('setMany', { maxRows: 1 });
const increment = writing('increment', { repeatable: false });

/**
 * A write whose connection is discarded may still be running. Calls on its keys wait until it is certain that
 * it can no longer take effect, so that it undoes nothing that was acknowledged after it.
 */
describe('The keys of a discarded write', () => {
  const newEngine = useEngines();

  function newFencedEngine(): Engine {
    const engine = newEngine();
    engine.source.holdsFences = true;
    return engine;
  }

  /** The statements of connections that were abandoned can do nothing any more. */
  async function stopAll({ source }: Engine): Promise<void> {
    source.discarded.forEach((lease) => lease.stop());
    await settle();
  }

  it('wait until it can no longer take effect', async () => {
    const engine = newFencedEngine();
    const call = engine.call(increment, 'a');
    engine.call(get, 'a');
    await settle();
    await engine.fail('increment', connectionLost());
    expect(call.outcome).toBe('rejected: outcome unknown');
    await pass(500);
    expect(engine.inFlight).toEqual([]);
    await stopAll(engine);
    expect(engine.inFlight).toEqual(['get a']);
  });

  it('make calls on other keys wait for nothing', async () => {
    const engine = newFencedEngine();
    engine.call(increment, 'a');
    await settle();
    await engine.fail('increment', connectionLost());
    engine.call(increment, 'b');
    engine.call(get, 'c');
    await settle();
    expect(engine.inFlight).toEqual(['increment b', 'get c']);
  });

  it('wait with its own second try too', async () => {
    const engine = newFencedEngine();
    const call = engine.call(set, 'a');
    await settle();
    await engine.fail('set', connectionLost());
    await pass(500);
    expect(engine.inFlight).toEqual([]);
    await stopAll(engine);
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('set a');
    expect(call.outcome).toBe('resolved: a');
  });

  it('wait for nothing if the server has ended the statement with the connection', async () => {
    const engine = newFencedEngine();
    const call = engine.call(set, 'a');
    await settle();
    await engine.fail('set', connectionEnded());
    expect(engine.discarded).toEqual([0]);
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('set a');
    expect(call.outcome).toBe('resolved: a');
  });

  it('are all that it wrote', async () => {
    const engine = newFencedEngine();
    engine.call(setMany, ['a', 'b'], '1');
    engine.call(get, 'a');
    engine.call(get, 'b');
    await settle();
    await engine.fail('setMany', connectionLost());
    await pass(500);
    expect(engine.inFlight).toEqual([]);
    await stopAll(engine);
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('setMany');
    expect(engine.inFlight).toEqual(['get a b']);
  });

  it('let their callers go in their time, and wait all the same', async () => {
    const engine = newFencedEngine();
    const call = engine.call(set, 'a');
    await settle();
    await engine.fail('set', connectionLost());
    const behind = engine.call(get, 'a');
    await pass(1_100);
    expect(outcomes([call, behind])).toEqual(['rejected: timed out', 'rejected: timed out']);
    const later = engine.call(get, 'a');
    await settle();
    expect(engine.inFlight).toEqual([]);
    await stopAll(engine);
    await engine.answer('get a');
    expect(later.outcome).toBe('resolved: a');
    expect(engine.source.history).toEqual(['set a', 'get a']);
  });

  it('wait for one that was not answered in its time as for one whose connection broke', async () => {
    const engine = newFencedEngine();
    engine.call(set, 'a', '1');
    await pass(1_000 + TIMINGS.ANSWER_MARGIN + TIMINGS.TICK);
    expect(engine.discarded).toHaveLength(1);
    const later = engine.call(set, 'a', '2');
    await settle();
    expect(engine.inFlight).toEqual(['set a=1']);
    await stopAll(engine);
    expect(engine.inFlight).toEqual(['set a=1', 'set a=2']);
    // The answer that comes now means nothing any more.
    engine.sent('set a=1').answer();
    await engine.answer('set a=2');
    expect(later.outcome).toBe('resolved: a=2');
  });
});

describe('The key of a discarded read', () => {
  const newEngine = useEngines();

  it('waits for nothing, since a read changes nothing', async () => {
    const engine = newEngine();
    engine.source.holdsFences = true;
    const call = engine.call(get, 'a');
    await settle();
    await engine.fail('get', connectionLost());
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('get a');
    expect(call.outcome).toBe('resolved: a');
    expect(engine.discarded).toHaveLength(1);
  });
});
