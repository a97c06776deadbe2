import { describe, expect, it } from '@jest/globals';
import { keys, outcomes, settle, useEngines } from './support/engine.js';
import { reading, writing } from './support/operations.js';

/**
 * Calls of one operation share batches. Nobody waits for company: an idle batcher sends at once, and calls
 * gather only while those before them are in flight.
 */
describe('Gathering', () => {
  const newEngine = useEngines();

  it('asks for a connection as soon as the first call is made, and sends it as soon as there is one', () => {
    const engine = newEngine();
    engine.source.isHeld = true;
    engine.call(reading('get'), 'a');
    expect(engine.source.acquired).toBe(1);
    engine.source.grant();
    expect(engine.inFlight).toEqual(['get a']);
  });

  it('puts the calls into one batch that are made until the connection is there', async () => {
    const engine = newEngine();
    const calls = engine.calls(reading('get'), ['a', 'b', 'c']);
    await settle();
    expect(engine.inFlight).toEqual(['get a b c']);
    await engine.answer('get', ['1', '2', '3']);
    expect(outcomes(calls)).toEqual(['resolved: 1', 'resolved: 2', 'resolved: 3']);
    expect(engine.source).toMatchObject({ acquired: 1, released: 1 });
  });

  it('keeps the calls of different operations apart', async () => {
    const engine = newEngine();
    engine.call(reading('get'), 'a');
    engine.call(writing('set'), 'b', '1');
    await settle();
    expect(engine.inFlight).toEqual(['get a', 'set b=1']);
  });

  it('has no more batches in flight than the concurrency of the operation', async () => {
    const engine = newEngine();
    const get = reading('get', { concurrency: 2 });
    for (const key of ['a', 'b', 'c', 'd']) {
      engine.call(get, key);
      await settle();
    }
    expect(engine.inFlight).toEqual(['get a', 'get b']);
    await engine.answer('get a');
    expect(engine.inFlight).toEqual(['get b', 'get c d']);
  });

  it('counts the concurrency of each operation by itself', async () => {
    const engine = newEngine();
    engine.calls(reading('get', { concurrency: 1 }), ['a']);
    engine.calls(reading('scan', { concurrency: 1 }), ['b']);
    await settle();
    expect(engine.inFlight).toEqual(['get a', 'scan b']);
  });

  it('takes the calls along that callers make as soon as they are answered', async () => {
    const engine = newEngine();
    const get = reading('get', { concurrency: 1 });
    const call = engine.call(get, 'a');
    void call.promise.then(() => engine.call(get, 'next of a'));
    await settle();
    engine.call(get, 'b');
    await engine.answer('get a');
    expect(engine.inFlight).toEqual(['get b next of a']);
  });
});

describe('A small batch', () => {
  const newEngine = useEngines();

  it('is held back while it is less than half of the largest one in flight', async () => {
    const engine = newEngine();
    const get = reading('get', { concurrency: 2 });
    engine.calls(get, keys(6));
    await settle();
    engine.calls(get, ['a', 'b']);
    await settle();
    expect(engine.source.inFlight).toHaveLength(1);
    engine.call(get, 'c');
    await settle();
    expect(engine.inFlight[1]).toBe('get a b c');
  });

  it('leaves when the large one has been answered', async () => {
    const engine = newEngine();
    const get = reading('get', { concurrency: 2 });
    engine.calls(get, keys(6));
    await settle();
    engine.call(get, 'a');
    await engine.answer('get k0');
    expect(engine.inFlight).toEqual(['get a']);
  });
});

describe('A batch', () => {
  const newEngine = useEngines();

  it('carries its share of many calls if several batches may leave', async () => {
    const engine = newEngine();
    engine.calls(reading('get', { concurrency: 2 }), keys(32));
    await settle();
    expect(engine.source.inFlight.map(({ values }) => values.length)).toEqual([16, 16]);
  });

  it('carries all of a few calls even if several batches may leave', async () => {
    const engine = newEngine();
    engine.calls(reading('get', { concurrency: 2 }), keys(15));
    await settle();
    expect(engine.source.inFlight.map(({ values }) => values.length)).toEqual([15]);
  });

  it('carries maxRows calls at most', async () => {
    const engine = newEngine();
    engine.calls(reading('get', { concurrency: 1, maxRows: 2 }), ['a', 'b', 'c']);
    await settle();
    expect(engine.inFlight).toEqual(['get a b']);
    await engine.answerAll();
    expect(engine.source.history).toEqual(['get a b', 'get c']);
  });

  it('carries maxBytes at most, and one call that is heavier by itself', async () => {
    const engine = newEngine();
    const set = writing('set', { concurrency: 1, maxBytes: 5 });
    engine.call(set, 'a', '1234');
    engine.call(set, 'b', '5');
    engine.call(set, 'c', '6');
    engine.call(set, 'd', 'heavier');
    engine.call(set, 'e', '7');
    await settle();
    await engine.answerAll();
    expect(engine.source.history).toEqual([
      'set a=1234 b=5',
      'set c=6',
      'set d=heavier',
      'set e=7',
    ]);
  });
});

describe('A second batch', () => {
  const newEngine = useEngines();
  const get = reading('get', { pipelined: true, concurrency: 2 });

  it('is sent behind the first, on the same connection, if the operation is pipelined', async () => {
    const engine = newEngine();
    engine.source.pipelines = true;
    for (const key of ['a', 'b', 'c']) {
      engine.call(get, key);
      await settle();
    }
    expect(engine.inFlight).toEqual(['get a', 'get b']);
    await engine.answer('get a');
    expect(engine.inFlight).toEqual(['get b', 'get c']);
    await engine.answerAll();
    expect(engine.source).toMatchObject({ acquired: 1, released: 1 });
  });

  it('carries the calls that are made in the same turn', async () => {
    const engine = newEngine();
    engine.source.pipelines = true;
    engine.call(get, 'a');
    await settle();
    engine.calls(get, ['b', 'c']);
    await settle();
    expect(engine.inFlight).toEqual(['get a', 'get b c']);
  });

  it('takes a connection of its own if none in flight takes one more', async () => {
    const engine = newEngine();
    for (const key of ['a', 'b']) {
      engine.call(get, key);
      await settle();
    }
    expect(engine.inFlight).toEqual(['get a', 'get b']);
    expect(engine.source.acquired).toBe(2);
  });

  it('goes behind no other if the operation is not pipelined', async () => {
    const engine = newEngine();
    engine.source.pipelines = true;
    const set = writing('set', { concurrency: 2 });
    for (const key of ['a', 'b']) {
      engine.call(set, key);
      await settle();
    }
    expect(engine.source.acquired).toBe(2);
  });

  it('does not go behind a batch of another operation', async () => {
    const engine = newEngine();
    engine.source.pipelines = true;
    for (const operation of [get, reading('scan', { pipelined: true }), writing('set')]) {
      engine.call(operation, operation.name);
      await settle();
    }
    expect(engine.source.acquired).toBe(3);
  });
});
