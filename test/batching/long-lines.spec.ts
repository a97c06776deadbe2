import { describe, expect, it } from '@jest/globals';
import {
  keys,
  outcomes,
  pass,
  settle,
  useEngines,
  type Engine,
  type MadeCall,
} from './support/engine.js';
import { badCall, serverGone } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const MANY = 10_000;

const set = writing('set');

/** How the calls ended, each way once. */
function waysToEnd(calls: readonly MadeCall[]): string[] {
  return [...new Set(calls.map(({ outcome }) => outcome))];
}

/** When one call ends the next one may end at once too. The stack does not grow with the line. */
describe('Ten thousand calls that wait on one key', () => {
  const newEngine = useEngines();

  /** The first of them is in flight. */
  async function lineUp(engine: Engine, signal?: () => AbortSignal): Promise<MadeCall[]> {
    const calls = Array.from({ length: MANY }, (_, n) => {
      return engine.call(set, 'a', String(n), { signal: signal?.() });
    });
    await settle();
    return calls;
  }

  it('end together if there will never be a connection again', async () => {
    const engine = newEngine();
    const calls = await lineUp(engine);
    engine.source.refusal = serverGone();
    await engine.answer('set a=0');
    expect(waysToEnd(calls)).toEqual(['resolved: a=0', 'rejected: server gone']);
  });

  it('end together if the batcher cuts them off', async () => {
    const engine = newEngine();
    const calls = await lineUp(engine);
    void engine.batcher.close(0);
    await pass(1);
    expect(waysToEnd(calls)).toEqual(['rejected: closed']);
    await settle();
    expect(engine.source.history).toEqual(['set a=0']);
  });

  it('end together if their time is over, and leave the key free', async () => {
    const engine = newEngine({ timeout: 300 });
    const calls = await lineUp(engine);
    await pass(400);
    expect(waysToEnd(calls)).toEqual(['rejected: timed out']);
    const next = engine.call(set, 'a', 'next');
    await engine.answer('set a=0');
    await engine.answer('set a=next');
    expect(next.outcome).toBe('resolved: a=next');
  });

  it('end together if their callers abort', async () => {
    const engine = newEngine();
    const aborting: AbortController[] = [];
    const calls = await lineUp(engine, () => {
      aborting.push(new AbortController());
      return aborting[aborting.length - 1].signal;
    });
    const next = engine.call(set, 'a', 'next');
    aborting.forEach((each) => each.abort(new Error('gone')));
    await engine.answer('set a=0');
    await engine.answer('set a=next');
    expect(waysToEnd(calls)).toEqual(['rejected: gone']);
    expect(next.outcome).toBe('resolved: a=next');
  });

  it('are sent one after the other if each is answered at once', async () => {
    const engine = newEngine();
    const quick = writing('quick', {
      execute: ({ calls }, done) => done(undefined, [calls[0].args]),
    });
    const calls = Array.from({ length: MANY }, (_, n) => engine.call(quick, 'a', String(n)));
    await settle();
    expect(outcomes(calls)).toEqual(calls.map((_, n) => `resolved: ${n}`));
  });
});

describe('Ten thousand calls on keys of their own', () => {
  const newEngine = useEngines();

  it('end together if execute throws for each of them', async () => {
    const engine = newEngine();
    const broken = reading('broken', {
      maxRows: 1,
      concurrency: 1,
      execute: () => {
        throw badCall();
      },
    });
    const calls = engine.calls(broken, keys(MANY));
    await settle();
    expect(waysToEnd(calls)).toEqual(['rejected: bad call']);
  });
});
