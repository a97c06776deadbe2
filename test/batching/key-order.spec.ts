import { describe, expect, it } from '@jest/globals';
import { keys, outcomes, pass, settle, useEngines } from './support/engine.js';
import { badCall, rolledBack } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');
const setMany = writing('setMany', { maxRows: 1 });

/** Calls on one key take effect in the order they were made, whether or not somebody awaits them. */
describe('Calls on one key', () => {
  const newEngine = useEngines();

  it('are sent one after the other, each when the one before it has been answered', async () => {
    const engine = newEngine();
    engine.call(set, 'a', '1');
    engine.call(get, 'a');
    engine.call(set, 'a', '2');
    await settle();
    expect(engine.inFlight).toEqual(['set a=1']);
    await engine.answer('set a=1');
    expect(engine.inFlight).toEqual(['get a']);
    await engine.answer('get a');
    expect(engine.inFlight).toEqual(['set a=2']);
  });

  it('do not wait for each other if they read, and a write waits for all of them', async () => {
    const engine = newEngine();
    engine.call(get, 'a');
    await settle();
    engine.call(get, 'a');
    await settle();
    engine.call(set, 'a', '1');
    engine.call(get, 'a');
    await settle();
    expect(engine.inFlight).toEqual(['get a', 'get a']);
    await engine.answer('get a');
    expect(engine.inFlight).toEqual(['get a']);
    await engine.answer('get a');
    expect(engine.inFlight).toEqual(['set a=1']);
    await engine.answer('set a=1');
    expect(engine.inFlight).toEqual(['get a']);
  });

  it('do not wait for calls on other keys', async () => {
    const engine = newEngine();
    engine.call(set, 'a', '1');
    await settle();
    engine.call(set, 'b', '2');
    engine.call(get, 'c');
    await settle();
    expect(engine.inFlight).toEqual(['set a=1', 'set b=2', 'get c']);
  });

  it('go on after one of them has failed', async () => {
    const engine = newEngine();
    const bad = engine.call(set, 'a', 'bad');
    engine.call(set, 'a', '2');
    await settle();
    await engine.fail('set a=bad', badCall());
    expect(bad.outcome).toBe('rejected: bad call');
    expect(engine.inFlight).toEqual(['set a=2']);
  });

  it('wait while the one before them is tried again', async () => {
    const engine = newEngine();
    engine.call(set, 'a', '1');
    engine.call(get, 'a');
    await settle();
    await engine.fail('set a=1', rolledBack());
    expect(engine.inFlight).toEqual([]);
    await pass(300);
    expect(engine.inFlight).toEqual(['set a=1']);
    await engine.answer('set a=1');
    expect(engine.inFlight).toEqual(['get a']);
  });

  it('are never in one batch together', async () => {
    const engine = newEngine();
    const unshared = writing('increment');
    const calls = [1, 2, 3].map((by) => engine.call(unshared, 'a', String(by)));
    await settle();
    await engine.answerAll();
    expect(engine.source.history).toEqual(['increment a=1', 'increment a=2', 'increment a=3']);
    expect(outcomes(calls)).toEqual(['resolved: a=1', 'resolved: a=2', 'resolved: a=3']);
  });
});

describe('A call on several keys', () => {
  const newEngine = useEngines();

  it('waits for the earlier calls on each of them', async () => {
    const engine = newEngine();
    engine.call(set, 'a', '1');
    engine.call(get, 'b');
    engine.call(setMany, ['a', 'b', 'c'], '2');
    await settle();
    await engine.answer('set a=1');
    expect(engine.inFlight).toEqual(['get b']);
    await engine.answer('get b');
    expect(engine.inFlight).toEqual(['setMany a+b+c=2']);
  });

  it('is waited for by the later calls on each of them, and by no others', async () => {
    const engine = newEngine();
    engine.call(setMany, ['a', 'b'], '1');
    engine.call(get, 'a');
    engine.call(get, 'b');
    engine.call(get, 'c');
    await settle();
    expect(engine.inFlight).toEqual(['setMany a+b=1', 'get c']);
    await engine.answer('setMany');
    expect(engine.inFlight).toEqual(['get c', 'get a b']);
  });

  it('takes turns with others whose keys are partly the same', async () => {
    const engine = newEngine();
    engine.call(setMany, ['a', 'b'], '1');
    engine.call(setMany, ['c', 'b'], '2');
    engine.call(setMany, ['c', 'a'], '3');
    engine.call(setMany, ['d', 'e'], '4');
    await settle();
    expect(engine.inFlight).toEqual(['setMany a+b=1', 'setMany d+e=4']);
    await engine.answer('setMany a+b=1');
    expect(engine.inFlight).toEqual(['setMany d+e=4', 'setMany c+b=2']);
    await engine.answer('setMany c+b=2');
    expect(engine.inFlight).toEqual(['setMany d+e=4', 'setMany c+a=3']);
  });
});

describe('A call on a key', () => {
  const newEngine = useEngines();

  it('is waited for while thousands of other keys come and go', async () => {
    const engine = newEngine();
    engine.call(set, 'a', '1');
    await settle();
    // More keys than are remembered without a call.
    engine.calls(get, keys(3_000));
    await settle();
    while (engine.inFlight.length > 1) {
      engine.source.inFlight[1].answer();
      await settle();
    }
    engine.call(set, 'a', '2');
    await settle();
    expect(engine.inFlight).toEqual(['set a=1']);
  });
});
