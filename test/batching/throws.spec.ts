import { describe, expect, it } from '@jest/globals';
import { outcomes, pass, settle, useEngines } from './support/engine.js';
import { badCall } from './support/failures.js';
import { reading } from './support/operations.js';

const get = reading('get');

/** Code that is not the engine's own may throw. No other call is left unsettled by that. */
describe('A throw', () => {
  const newEngine = useEngines();

  it('of execute fails the calls of its batch only', async () => {
    const engine = newEngine();
    const broken = reading('broken', {
      execute: () => {
        throw badCall();
      },
    });
    const calls = [engine.call(broken, 'a'), engine.call(get, 'b')];
    const later = engine.call(get, 'a');
    await settle();
    await engine.answerAll();
    expect(outcomes([...calls, later])).toEqual([
      'rejected: bad call',
      'resolved: b',
      'resolved: a',
    ]);
    expect(engine.source.inUse).toBe(0);
  });

  it('of share fails the follower whose result it was to make, and no other', async () => {
    const engine = newEngine();
    const shared = reading('get', {
      share: (value, n) => {
        if (n === 1) {
          throw new Error('cannot copy');
        }
        return value;
      },
    });
    const calls = ['a', 'a', 'a', 'b'].map((key) => engine.call(shared, key));
    await settle();
    await engine.answerAll();
    expect(outcomes(calls)).toEqual([
      'resolved: a',
      'rejected: cannot copy',
      'resolved: a',
      'resolved: b',
    ]);
  });

  it('of a signal that lets nobody unsubscribe fails no call', async () => {
    const engine = newEngine();
    const signal = signalOf({ removeEventListener: throwing });
    const calls = ['a', 'b', 'a'].map((key) => engine.call(get, key, '', { signal }));
    await settle();
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: b', 'resolved: a']);
  });

  it('of a signal that lets nobody unsubscribe stops no clock', async () => {
    const engine = newEngine({ timeout: 300 });
    const signal = signalOf({ removeEventListener: throwing });
    const calls = [engine.call(get, 'a', '', { signal }), engine.call(get, 'b')];
    await pass(400);
    expect(outcomes(calls)).toEqual(['rejected: timed out', 'rejected: timed out']);
  });

  it('of a signal that lets nobody subscribe fails its call alone', async () => {
    const engine = newEngine();
    const signal = signalOf({ addEventListener: throwing });
    const calls = [engine.call(get, 'a', '', { signal }), engine.call(get, 'b')];
    await settle();
    await engine.answerAll();
    expect(outcomes(calls)).toEqual(['rejected: not supported', 'resolved: b']);
    expect(engine.source.history).toEqual(['get b']);
  });
});

describe('A signal that aborts while it is subscribed to', () => {
  const newEngine = useEngines();

  it('ends its call and leaves the others their time', async () => {
    const engine = newEngine({ timeout: 300 });
    const before = engine.call(get, 'a');
    const signal = signalOf({ addEventListener: (_: string, abort: () => void) => abort() });
    const call = engine.call(get, 'b', '', { signal });
    await pass(400);
    expect(outcomes([before, call])).toEqual(['rejected: timed out', 'rejected: gone']);
    expect(engine.source.history).toEqual(['get a']);
  });
});

function throwing(): never {
  throw new Error('not supported');
}

/** What somebody may pass who has no `AbortSignal` at hand. */
function signalOf(methods: object): AbortSignal {
  const nothing = (): void => undefined;
  const signal = { aborted: false, addEventListener: nothing, removeEventListener: nothing };
  return { ...signal, reason: new Error('gone'), ...methods } as unknown as AbortSignal;
}
