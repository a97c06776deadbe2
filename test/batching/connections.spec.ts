import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { keys, pass, settle, useEngines, type Engine } from './support/engine.js';
import { serverAway } from './support/failures.js';
import { reading, writing, type TextOperation } from './support/operations.js';

/** Calls that share no batch. */
const get = reading('get', { maxRows: 1 });
const set = writing('set', { maxRows: 1 });

/** Callers that each make their next call as soon as the last one is answered. */
function keepBusy(engine: Engine, operation: TextOperation, callers: number): void {
  const callAgain = async (key: string): Promise<void> => {
    for (;;) {
      await engine.call(operation, key).promise;
    }
  };
  keys(callers, operation.name).forEach((key) => {
    callAgain(key).catch(() => undefined);
  });
}

/** Answers the oldest statement, again and again. */
async function answerInTurn(engine: Engine, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    engine.source.inFlight[0].answer();
    await settle();
  }
}

/** Writes may wait for locks and for the disk, so they leave half of the connections to the reads. */
describe('Connections', () => {
  const newEngine = useEngines();

  it('are used for writes up to half of them, and reads have the rest', async () => {
    const engine = newEngine({ capacity: 4 });
    engine.calls(set, keys(8));
    engine.calls(get, keys(8, 'g'));
    await settle();
    expect(engine.inFlight.toSorted()).toEqual(['get g0', 'get g1', 'set k0', 'set k1']);
    await engine.answerAll();
    expect(engine.source).toMatchObject({ mostInUse: 4, acquired: 16, released: 16 });
  });

  it('are all used for reads if nothing is written', async () => {
    const engine = newEngine({ capacity: 4 });
    engine.calls(get, keys(8));
    await settle();
    expect(engine.source.inUse).toBe(4);
  });

  it('are used for writes too if there is only one', async () => {
    const engine = newEngine({ capacity: 1 });
    engine.call(set, 'a');
    engine.call(get, 'b');
    await settle();
    await engine.answerAll();
    expect(engine.source.history).toEqual(['set a', 'get b']);
    expect(engine.source.mostInUse).toBe(1);
  });

  it('count while they are being made', async () => {
    const engine = newEngine({ capacity: 4 });
    engine.source.isHeld = true;
    for (const name of keys(10, 'operation')) {
      engine.call(writing(name), `written by ${name}`);
      engine.call(reading(name), `read by ${name}`);
    }
    await settle();
    expect(engine.source.acquired).toBe(4);
  });

  it('count once for all the batches that are on them', async () => {
    const engine = newEngine({ capacity: 2 });
    engine.source.pipelines = true;
    const piped = reading('get', { pipelined: true, concurrency: 2 });
    for (const key of ['a', 'b']) {
      engine.call(piped, key);
      await settle();
    }
    engine.call(set, 'c');
    await settle();
    expect(engine.inFlight).toEqual(['get a', 'get b', 'set c']);
  });

  it('are free again for others if those that asked for one did not get it', async () => {
    const engine = newEngine({ capacity: 1, timeout: null });
    engine.source.refusal = serverAway();
    engine.call(set, 'a');
    engine.source.refusal = undefined;
    engine.call(get, 'b');
    await settle();
    await engine.answer('get b');
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('set a');
  });

  it('go from one operation to the next, however busy some of them are', async () => {
    const engine = newEngine({ capacity: 2 });
    keepBusy(engine, writing('set', { concurrency: 2 }), 16);
    keepBusy(engine, writing('touch', { concurrency: 2 }), 16);
    await settle();
    engine.call(writing('delete'), 'a');
    await answerInTurn(engine, 10);
    expect(engine.source.history).toContain('delete a');
  });

  it('go from reads to writes too if there is only one', async () => {
    const engine = newEngine({ capacity: 1 });
    engine.source.pipelines = true;
    keepBusy(engine, reading('get', { pipelined: true, concurrency: 2 }), 16);
    await settle();
    engine.call(set, 'a');
    await answerInTurn(engine, 10);
    expect(engine.source.history).toContain('set a');
  });
});
