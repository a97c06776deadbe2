import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { keys, outcomes, pass, settle, useEngines, type Engine } from './support/engine.js';
import type { SentStatement } from './support/fake-lease.js';
import { badCall, lockHeld } from './support/failures.js';
import { reading, writing, type TextOperation } from './support/operations.js';

const set = writing('set');
const get = reading('get');

/** Has somebody else hold the rows of these keys: each call on one of them fails after its wait. */
async function lock(engine: Engine, operation: TextOperation, locked: string[]): Promise<void> {
  engine.calls(operation, locked);
  await settle();
  // A batch of several falls apart into its calls, and each of these waits once more.
  const waiting = (): SentStatement | undefined =>
    engine.source.inFlight.find(({ lockWait }) => lockWait === TIMINGS.FIRST_LOCK_WAIT);
  for (let sent = waiting(); sent !== undefined; sent = waiting()) {
    sent.fail(lockHeld());
    await settle();
  }
}

/** Locks that somebody else holds cost the calls on their own keys only. */
describe('A batch that waits for a lock', () => {
  const newEngine = useEngines();

  it('gives up after a short wait, and then each of its calls waits by itself', async () => {
    const engine = newEngine();
    const calls = engine.calls(set, ['a', 'locked', 'c']);
    await settle();
    expect(engine.sent('set').lockWait).toBe(TIMINGS.FIRST_LOCK_WAIT);
    await engine.fail('set', lockHeld());
    expect(engine.inFlight).toEqual(['set a', 'set locked', 'set c']);
    await engine.answer('set a');
    await engine.answer('set c');
    expect(outcomes(calls)).toEqual(['resolved: a', 'pending', 'resolved: c']);
  });

  it('waits no longer than a call may take', async () => {
    const engine = newEngine({ timeout: 30 });
    engine.call(set, 'a');
    await settle();
    expect(engine.sent('set a').lockWait).toBe(30);
  });
});

describe('A call that waits for a lock', () => {
  const newEngine = useEngines();

  it('is tried until the lock is free, for longer at a time than a batch', async () => {
    const engine = newEngine();
    const [call] = engine.calls(set, ['locked']);
    await settle();
    await engine.fail('set', lockHeld());
    await pass(TIMINGS.LONGEST_BACKOFF);
    expect(engine.sent('set locked').lockWait).toBe(TIMINGS.LOCKED_WAIT);
    await engine.fail('set', lockHeld());
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('set locked');
    expect(call.outcome).toBe('resolved: locked');
  });

  it('is tried as often as it takes if no time ends it', async () => {
    const engine = newEngine({ timeout: null });
    const [call] = engine.calls(set, ['locked']);
    await settle();
    for (let round = 0; round < 50; round += 1) {
      await engine.fail('set', lockHeld());
      await pass(20);
    }
    expect(call.outcome).toBe('pending');
    await engine.answer('set locked');
    expect(call.outcome).toBe('resolved: locked');
  });

  it('travels alone, and so do later ones on its key, for a while', async () => {
    const engine = newEngine();
    await lock(engine, set, ['locked 1', 'locked 2']);
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.fail('set locked 1', badCall());
    await engine.fail('set locked 2', badCall());
    engine.calls(set, ['a', 'locked 1', 'locked 2', 'b']);
    await settle();
    expect(engine.inFlight.toSorted()).toEqual(['set a b', 'set locked 1', 'set locked 2']);
  });

  it('has company again after a call on its key got through', async () => {
    const engine = newEngine();
    await lock(engine, set, ['locked']);
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('set locked');
    engine.calls(set, ['locked', 'a']);
    await settle();
    expect(engine.inFlight).toEqual(['set locked a']);
  });

  it('has company again when its key was found locked some time ago', async () => {
    const engine = newEngine({ timeout: 300 });
    await lock(engine, set, ['locked']);
    await pass(TIMINGS.LOCKED_KEY_MEMORY + 1_000);
    engine.calls(set, ['locked', 'a']);
    await settle();
    expect(engine.inFlight).toContain('set locked a');
  });
});

describe('The connections on which calls wait for locks', () => {
  const newEngine = useEngines();
  const locked = keys(10, 'locked');

  /** Waits of which the engine knows that others hold the lock. */
  function lockWaits({ source }: Engine): number {
    return source.inFlight.filter(({ lockWait }) => lockWait === TIMINGS.LOCKED_WAIT).length;
  }

  it('are half of those for writes, and all others go on', async () => {
    const engine = newEngine({ capacity: 8 });
    await lock(engine, set, locked);
    await pass(TIMINGS.LONGEST_BACKOFF);
    expect(lockWaits(engine)).toBe(2);
    engine.call(set, 'a');
    engine.call(get, 'b');
    await settle();
    expect(engine.inFlight).toEqual(expect.arrayContaining(['set a', 'get b']));
  });

  it('are no more if calls of several operations wait', async () => {
    const engine = newEngine({ capacity: 8 });
    const operations = ['set', 'touch', 'delete'].map((name) => writing(name));
    for (const operation of operations) {
      await lock(engine, operation, keys(10, operation.name));
    }
    // All of them ask for a connection before the first one has its own.
    engine.source.isHeld = true;
    await pass(TIMINGS.LONGEST_BACKOFF);
    engine.source.grant();
    expect(lockWaits(engine)).toBe(2);
  });

  it('go from one call to the next', async () => {
    const engine = newEngine({ capacity: 8, timeout: null });
    await lock(engine, set, locked);
    const waited = new Set<string>();
    for (let round = 0; round < 30; round += 1) {
      await pass(20);
      for (const sent of [...engine.source.inFlight]) {
        waited.add(sent.text);
        sent.fail(lockHeld());
        await settle();
      }
    }
    expect(waited.size).toBe(10);
  });
});
