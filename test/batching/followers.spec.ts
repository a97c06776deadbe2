import { describe, expect, it } from '@jest/globals';
import { Refusal } from '../../lib/batching/types.js';
import {
  outcomes,
  pass,
  settle,
  useEngines,
  type Engine,
  type MadeCall,
} from './support/engine.js';
import { badCall, rolledBack } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const get = reading('get', { share: (value, n) => `copy ${n} of ${value}` });
const touch = writing('touch', { share: (live) => live });

/** A key with a call in flight, behind which others wait. */
async function busyKey(engine: Engine): Promise<MadeCall> {
  const first = engine.call(touch, 'a', '0');
  await settle();
  return first;
}

/**
 * Calls of one operation that wait on one key together share the place of the first: it is their leader,
 * they are its followers, and one row of a batch stands for all. Only an operation with `share` has them.
 */
describe('Calls that wait on one key', () => {
  const newEngine = useEngines();

  it('share one place, and the arguments of the last are sent', async () => {
    const engine = newEngine();
    await busyKey(engine);
    const calls = ['1', '2', '3'].map((ttl) => engine.call(touch, 'a', ttl));
    await engine.answer('touch a=0');
    expect(engine.inFlight).toEqual(['touch a=3']);
    await engine.answer('touch a=3', ['true']);
    expect(outcomes(calls)).toEqual(['resolved: true', 'resolved: true', 'resolved: true']);
  });

  it('share one place while no connection is there yet', async () => {
    const engine = newEngine();
    engine.call(get, 'a');
    engine.call(get, 'b');
    engine.call(get, 'a');
    await settle();
    expect(engine.inFlight).toEqual(['get a b']);
  });

  it('each get a result of their own, made from that of the first', async () => {
    const engine = newEngine();
    const calls = [1, 2, 3].map(() => engine.call(get, 'a'));
    await settle();
    await engine.answer('get', ['x']);
    expect(outcomes(calls)).toEqual([
      'resolved: x',
      'resolved: copy 1 of x',
      'resolved: copy 2 of x',
    ]);
  });

  it('do not join a call that is in flight', async () => {
    const engine = newEngine();
    const first = await busyKey(engine);
    const second = engine.call(touch, 'a', '1');
    await engine.answer('touch a=0');
    expect(outcomes([first, second])).toEqual(['resolved: a=0', 'pending']);
  });

  it('do not join a call that is tried by itself, since that may be at fault', async () => {
    const engine = newEngine();
    engine.call(touch, 'a', 'bad');
    engine.call(touch, 'b', '1');
    await settle();
    engine.source.isHeld = true;
    await engine.fail('touch', badCall());
    engine.call(touch, 'a', '2');
    engine.source.grant();
    await settle();
    expect(engine.inFlight[0]).toBe('touch a=bad');
  });

  it('do not share a place across a call of another operation', async () => {
    const engine = newEngine();
    engine.call(touch, 'a', '1');
    engine.call(get, 'a');
    engine.call(touch, 'a', '2');
    await settle();
    for (const text of ['touch a=1', 'get a', 'touch a=2']) {
      expect(engine.inFlight).toEqual([text]);
      await engine.answer(text);
    }
  });

  it('have a place each if their operation has no share', async () => {
    const engine = newEngine();
    const increment = writing('increment');
    engine.call(increment, 'a', '1');
    engine.call(increment, 'a', '2');
    await settle();
    expect(engine.inFlight).toEqual(['increment a=1']);
  });

  it('fail together if the statement that stands for them fails', async () => {
    const engine = newEngine();
    const calls = ['1', '2'].map((ttl) => engine.call(touch, 'a', ttl));
    await settle();
    await engine.fail('touch', badCall());
    expect(outcomes(calls)).toEqual(['rejected: bad call', 'rejected: bad call']);
  });

  it('are refused together', async () => {
    const engine = newEngine();
    const calls = ['1', '2'].map((ttl) => engine.call(touch, 'a', ttl));
    await settle();
    await engine.answer('touch', [new Refusal(new Error('not this one'))]);
    expect(outcomes(calls)).toEqual(['rejected: not this one', 'rejected: not this one']);
  });

  it('join one that waits to be sent again', async () => {
    const engine = newEngine();
    const calls = [engine.call(touch, 'a', '1')];
    await settle();
    await engine.fail('touch', rolledBack());
    engine.source.isHeld = true;
    await pass(300);
    calls.push(engine.call(touch, 'a', '2'));
    engine.source.grant();
    await engine.answer('touch a=2', ['true']);
    expect(outcomes(calls)).toEqual(['resolved: true', 'resolved: true']);
  });

  it('are tried again together', async () => {
    const engine = newEngine();
    const early = ['1', '2'].map((ttl) => engine.call(touch, 'a', ttl));
    await settle();
    await engine.fail('touch', rolledBack());
    await pass(300);
    expect(engine.inFlight).toEqual(['touch a=2']);
    await engine.answer('touch', ['true']);
    expect(outcomes(early)).toEqual(['resolved: true', 'resolved: true']);
  });
});

describe('When callers abort', () => {
  const newEngine = useEngines();

  it('the followers of the leader are sent all the same', async () => {
    const engine = newEngine();
    await busyKey(engine);
    const aborting = new AbortController();
    const leader = engine.call(touch, 'a', '1', { signal: aborting.signal });
    const follower = engine.call(touch, 'a', '2');
    aborting.abort(new Error('gone'));
    await engine.answer('touch a=0');
    await engine.answer('touch a=2');
    expect(outcomes([leader, follower])).toEqual(['rejected: gone', 'resolved: a=2']);
  });

  it('later calls on the key still join the place', async () => {
    const engine = newEngine();
    await busyKey(engine);
    const aborting = new AbortController();
    engine.call(touch, 'a', '1', { signal: aborting.signal });
    aborting.abort(new Error('gone'));
    const late = engine.call(touch, 'a', '2');
    await engine.answer('touch a=0');
    await engine.answer('touch a=2');
    expect(late.outcome).toBe('resolved: a=2');
  });

  it('the arguments of the last that still waits are sent', async () => {
    const engine = newEngine();
    await busyKey(engine);
    const aborting = new AbortController();
    engine.call(touch, 'a', '1');
    engine.call(touch, 'a', '2');
    engine.call(touch, 'a', '3', { signal: aborting.signal });
    aborting.abort(new Error('gone'));
    await engine.answer('touch a=0');
    expect(engine.inFlight).toEqual(['touch a=2']);
  });

  it('the first that still waits gets the result as it came', async () => {
    const engine = newEngine();
    const aborting = new AbortController();
    engine.call(get, 'a', '', { signal: aborting.signal });
    const others = [1, 2].map(() => engine.call(get, 'a'));
    await settle();
    aborting.abort(new Error('gone'));
    await engine.answer('get', ['x']);
    expect(outcomes(others)).toEqual(['resolved: x', 'resolved: copy 1 of x']);
  });

  it('a place that nobody waits for any more is not sent', async () => {
    const engine = newEngine();
    await busyKey(engine);
    const aborting = new AbortController();
    const { signal } = aborting;
    engine.call(touch, 'a', '1', { signal });
    engine.call(touch, 'a', '2', { signal });
    engine.call(get, 'a');
    aborting.abort(new Error('gone'));
    await engine.answer('touch a=0');
    expect(engine.inFlight).toEqual(['get a']);
  });
});
