import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Refusal } from '../../lib/batching/types.js';
import { TIMINGS } from '../../lib/timings.js';
import { outcomes, pass, settle, useEngines } from './support/engine.js';
import { badCall, connectionLost, rolledBack, serverAway, serverGone } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');
const increment = writing('increment', { repeatable: false });

/** A call that fails never fails another one that travelled with it. */
describe('When one of several calls is at fault', () => {
  const newEngine = useEngines();

  it('each is tried by itself, and that one alone fails', async () => {
    const engine = newEngine();
    const calls = engine.calls(set, ['a', 'bad', 'c']);
    await settle();
    await engine.fail('set a bad c', badCall());
    expect(engine.inFlight).toEqual(['set a', 'set bad', 'set c']);
    await engine.fail('set bad', badCall());
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['resolved: a', 'rejected: bad call', 'resolved: c']);
    expect(engine.discarded).toEqual([]);
  });

  it('those that are tried by themselves take no others along', async () => {
    const engine = newEngine();
    const some = writing('set', { concurrency: 1 });
    engine.calls(some, ['a', 'bad']);
    await settle();
    engine.call(some, 'later');
    await engine.fail('set a bad', badCall());
    await engine.answerAll();
    expect(engine.source.history).toEqual(['set a bad', 'set later', 'set a', 'set bad']);
  });

  it('the server may refuse it alone, and the others have their results', async () => {
    const engine = newEngine();
    const calls = engine.calls(set, ['a', 'bad', 'c']);
    await settle();
    await engine.answer('set', ['1', new Refusal(new Error('no counter')), '3']);
    expect(outcomes(calls)).toEqual(['resolved: 1', 'rejected: no counter', 'resolved: 3']);
  });
});

describe('A batch that failed', () => {
  const newEngine = useEngines();

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('gives its connection back if that is of further use', async () => {
    const engine = newEngine();
    const call = engine.call(set, 'a');
    await settle();
    await engine.fail('set', badCall());
    expect(call.outcome).toBe('rejected: bad call');
    expect(engine.source.released).toBe(1);
  });

  it('is tried again a little later if its error says so', async () => {
    const engine = newEngine();
    const calls = engine.calls(set, ['a', 'b']);
    await settle();
    await engine.fail('set', rolledBack());
    expect(engine.inFlight).toEqual([]);
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: b']);
  });

  it('is tried again after waits that grow, by chance shorter for some', async () => {
    const engine = newEngine({ timeout: null });
    jest.spyOn(Math, 'random').mockReturnValue(0.999);
    engine.call(set, 'a');
    await settle();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await engine.fail('set', rolledBack());
      waits.push(0);
      while (engine.inFlight.length === 0) {
        await pass(10);
        waits[waits.length - 1] += 10;
      }
    }
    expect(waits).toEqual([20, 40, 80, 160, 250, 250]);
    jest.mocked(Math.random).mockReturnValue(0);
    await engine.fail('set', rolledBack());
    await pass(10);
    expect(engine.inFlight).toEqual(['set a']);
  });

  it('is tried again until its time is over, and its calls fail with the last error as cause', async () => {
    const engine = newEngine({ timeout: 1_000 });
    const call = engine.call(set, 'a');
    for (let ms = 0; ms < 1_000; ms += 50) {
      await pass(50);
      engine.source.inFlight[0]?.fail(rolledBack());
    }
    await pass(200);
    await expect(call.promise).rejects.toMatchObject({
      message: 'timed out',
      cause: { message: 'rolled back' },
    });
    expect(engine.source.history.length).toBeGreaterThan(3);
  });

  it('fails all calls that share its place with the last error as cause', async () => {
    const engine = newEngine({ timeout: 1_000 });
    const shared = writing('touch', { share: (live) => live });
    const calls = [engine.call(shared, 'a'), engine.call(shared, 'a')];
    await settle();
    engine.source.refusal = serverAway();
    await engine.fail('touch', rolledBack());
    await pass(1_200);
    for (const { promise } of calls) {
      await expect(promise).rejects.toMatchObject({
        message: 'timed out',
        cause: { message: 'server away' },
      });
    }
  });

  it('is given up after twenty tries if no time ends it', async () => {
    const engine = newEngine({ timeout: null });
    const call = engine.call(set, 'a');
    for (let round = 0; round < 30; round += 1) {
      await pass(TIMINGS.LONGEST_BACKOFF + 1);
      engine.source.inFlight[0]?.fail(rolledBack());
    }
    await settle();
    expect(call.outcome).toBe('rejected: rolled back');
    expect(engine.source.history).toHaveLength(20);
  });

  it('is tried again on another connection if it lost its own and may run twice', async () => {
    const engine = newEngine();
    const calls = [engine.call(get, 'a'), engine.call(set, 'b')];
    await settle();
    await engine.fail('get a', connectionLost());
    await engine.fail('set b', connectionLost());
    expect(engine.discarded).toHaveLength(2);
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: b']);
  });

  it('fails its calls at once if it lost its connection and must not run twice', async () => {
    const engine = newEngine();
    const call = engine.call(increment, 'a');
    await settle();
    await engine.fail('increment', connectionLost());
    expect(call.outcome).toBe('rejected: outcome unknown');
    await pass(1_000);
    expect(engine.source.history).toEqual(['increment a']);
  });

  it('takes those behind it on its connection along, and all are tried again elsewhere', async () => {
    const engine = newEngine();
    engine.source.pipelines = true;
    const piped = reading('get', { pipelined: true });
    const calls = [engine.call(piped, 'a')];
    await settle();
    calls.push(engine.call(piped, 'b'));
    await settle();
    expect(engine.source.acquired).toBe(1);
    await engine.fail('get a', connectionLost());
    await engine.fail('get b', connectionLost());
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: b']);
    expect(engine.discarded).toHaveLength(1);
  });
});

describe('Without a connection', () => {
  const newEngine = useEngines();

  it('calls wait a little and ask again', async () => {
    const engine = newEngine();
    engine.source.refusal = serverAway();
    const calls = engine.calls(increment, ['a', 'b']);
    await pass(500);
    expect(outcomes(calls)).toEqual(['pending', 'pending']);
    engine.source.refusal = undefined;
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: b']);
  });

  it('calls fail at once if there will never be one', async () => {
    const engine = newEngine();
    engine.source.refusal = serverGone();
    const calls = engine.calls(set, ['a', 'b']);
    await settle();
    expect(outcomes(calls)).toEqual(['rejected: server gone', 'rejected: server gone']);
  });
});
