import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../../lib/batching/types.js';
import { garbageCollected } from '../support/garbage.js';
import { pass, settle, useEngines, type Engine } from './support/engine.js';
import { connectionLost } from './support/failures.js';
import { reading, writing } from './support/operations.js';

/** What a caller gave, which nothing else holds. */
type Value = { readonly name: string };

const store: Operation<Value, string> = {
  ...writing('store'),
  sizeOf: () => 0,
  execute: ({ lease, calls, lockWait }, done) => {
    const statement = { name: 'store', text: '', command: 'SELECT', columns: [] };
    const values = calls.map(({ args }) => args.name);
    lease.write(statement, values, lockWait, (error, result) =>
      done(
        error,
        result?.rows.map(() => 'stored'),
      ),
    );
  },
};

/**
 * A call may stay in a line for long after it has settled: behind a key that is locked, or behind a
 * connection that does not answer. It keeps nothing alive then that its caller gave.
 */
describe('What a caller gave is let go of', () => {
  const newEngine = useEngines();

  /** Makes a call with a value of its own, and forgets the value. */
  function submit(engine: Engine, signal?: AbortSignal): WeakRef<Value> {
    const value = { name: 'value' };
    engine.batcher.submit(store, 'a', value, { signal }).catch(() => undefined);
    return new WeakRef(value);
  }

  /** A call in flight on the key, which is not answered. */
  async function occupyKey(engine: Engine): Promise<void> {
    engine.call(writing('set'), 'a');
    await settle();
  }

  it('when its call has been answered', async () => {
    const engine = newEngine();
    const value = submit(engine);
    await settle();
    await engine.answer('store');
    expect(await garbageCollected(value)).toBe(true);
  });

  it('when its call was aborted while it waited', async () => {
    const engine = newEngine();
    await occupyKey(engine);
    const aborting = new AbortController();
    const value = submit(engine, aborting.signal);
    aborting.abort(new Error('gone'));
    expect(await garbageCollected(value)).toBe(true);
    expect(engine.inFlight).toEqual(['set a']);
  });

  it('when its call ran out of time while it waited', async () => {
    const engine = newEngine({ timeout: 300 });
    await occupyKey(engine);
    const value = submit(engine);
    await pass(400);
    expect(await garbageCollected(value)).toBe(true);
    expect(engine.inFlight).toEqual(['set a']);
  });

  it('when its call has failed, although its key waits for the end of the statement', async () => {
    const engine = newEngine({ timeout: 300 });
    engine.source.holdsFences = true;
    const value = submit(engine);
    await settle();
    await engine.fail('store', connectionLost());
    await pass(400);
    engine.call(reading('get'), 'a');
    await settle();
    expect(engine.inFlight).toEqual([]);
    expect(await garbageCollected(value)).toBe(true);
  });

  it('and not before its call has settled', async () => {
    const engine = newEngine();
    await occupyKey(engine);
    const value = submit(engine);
    expect(await garbageCollected(value)).toBe(false);
    await engine.answer('set a');
    expect(engine.inFlight).toEqual(['store value']);
  });
});
