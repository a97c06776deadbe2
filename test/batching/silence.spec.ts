import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { pass, settle, useEngines, type Engine } from './support/engine.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');

const A_WHILE = TIMINGS.SILENT_CONNECTION + 2 * TIMINGS.TICK;

/**
 * A read need not wait for its deadline on a connection that has died: if reads that were sent later have
 * been answered, and no byte arrives, it is tried again on another one.
 */
describe('A silent connection', () => {
  const newEngine = useEngines();

  async function answerOther(engine: Engine): Promise<void> {
    engine.call(get, 'other');
    await settle();
    await engine.answer('get other');
  }

  it('is discarded when later reads are answered, and its own are tried again', async () => {
    const engine = newEngine({ timeout: 5_000 });
    const call = engine.call(get, 'a');
    await pass(A_WHILE);
    await answerOther(engine);
    await pass(TIMINGS.TICK + TIMINGS.LONGEST_BACKOFF);
    expect(engine.discarded).toEqual([0]);
    engine.source.inFlight[1].answer();
    await settle();
    expect(call.outcome).toBe('resolved: a');
  });

  it('is left by the first try of a lone read if it had rested, and the others are renewed', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.source.restedFor = 1;
    const call = engine.call(get, 'a');
    await pass(TIMINGS.READ_PATIENCE + TIMINGS.TICK + TIMINGS.LONGEST_BACKOFF);
    expect(engine.discarded).toEqual([0]);
    expect(engine.source.renewals).toBe(1);
    engine.source.inFlight[1].answer();
    await settle();
    expect(call.outcome).toBe('resolved: a');
  });

  it('is left once: the second try waits for as long as it takes', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.source.restedFor = 1;
    engine.call(get, 'a');
    await pass(TIMINGS.READ_PATIENCE + TIMINGS.TICK + TIMINGS.LONGEST_BACKOFF);
    engine.source.leases[1].restedFor = 1;
    await pass(3_000);
    expect(engine.discarded).toEqual([0]);
  });

  it('is not left by a write, nor by a read beside others on connections that hardly rested', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.source.restedFor = 1;
    engine.call(set, 'a');
    engine.call(get, 'b');
    await pass(3_000);
    expect(engine.discarded).toEqual([]);
  });

  it('is waited for while nothing else is answered either', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.call(get, 'a');
    await pass(3_000);
    expect(engine.discarded).toEqual([]);
  });

  it('is waited for while only what was sent shortly after is answered', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.call(get, 'a');
    await pass(TIMINGS.SILENT_CONNECTION - 2 * TIMINGS.TICK);
    await answerOther(engine);
    await pass(3_000);
    expect(engine.discarded).toEqual([]);
  });

  it('is not one on which bytes arrive, however slowly', async () => {
    const engine = newEngine({ timeout: 5_000 });
    const call = engine.call(get, 'large');
    await settle();
    const { lease } = engine.sent('get large');
    for (let ms = 0; ms < 4_000; ms += 500) {
      await pass(500);
      lease.bytesRead += 1;
      await answerOther(engine);
    }
    await engine.answer('get large');
    expect(call.outcome).toBe('resolved: large');
  });

  it('is one on which bytes have stopped to arrive', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.call(get, 'large');
    await pass(500);
    engine.sent('get large').lease.bytesRead += 1;
    await pass(TIMINGS.SILENT_CONNECTION);
    await answerOther(engine);
    expect(engine.discarded).toEqual([]);
    await pass(3 * TIMINGS.TICK);
    expect(engine.discarded).toHaveLength(1);
  });

  it('is waited for by a write, which may be waiting for a lock', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.call(set, 'a');
    await pass(A_WHILE);
    await answerOther(engine);
    await pass(2_000);
    expect(engine.discarded).toEqual([]);
  });
});

/** A batch that takes long does not keep the others of its operation waiting. */
describe('A slow batch', () => {
  const newEngine = useEngines();

  it('no longer counts against the concurrency', async () => {
    const engine = newEngine({ timeout: 5_000 });
    const one = reading('get', { concurrency: 1 });
    engine.call(one, 'slow');
    await settle();
    engine.call(one, 'next');
    await pass(TIMINGS.SLOW_BATCH - TIMINGS.TICK);
    expect(engine.inFlight).toEqual(['get slow']);
    await pass(2 * TIMINGS.TICK);
    expect(engine.inFlight).toEqual(['get slow', 'get next']);
  });

  it('has no other sent behind it on its connection', async () => {
    const engine = newEngine({ timeout: 5_000 });
    engine.source.pipelines = true;
    const piped = reading('get', { pipelined: true, concurrency: 2 });
    engine.call(piped, 'slow');
    await pass(TIMINGS.SLOW_BATCH + TIMINGS.TICK);
    engine.call(piped, 'next');
    await settle();
    expect(engine.inFlight).toEqual(['get slow', 'get next']);
    expect(engine.source.acquired).toBe(2);
  });
});
