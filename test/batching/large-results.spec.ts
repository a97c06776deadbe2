import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../../lib/batching/types.js';
import { settle, useEngines, type Engine } from './support/engine.js';
import { reading } from './support/operations.js';

const MEGABYTE = 1_048_576;

/** The callers of one key share what was read: the first gets it, the others get copies. */
const read: Operation<string, Buffer> = {
  ...reading('read'),
  share: (value) => value.subarray(),
  execute: ({ lease, calls }, done) =>
    lease.read(
      { name: 'read', text: '', command: 'SELECT', columns: [] },
      calls.map(({ key }) => key),
      (error, result) =>
        done(
          error,
          result?.rows.map(([value]) => value as Buffer),
        ),
    ),
};

/** Copies for thousands of callers at once would stop the event loop, and fill the memory. */
describe('A large result of many callers', () => {
  const newEngine = useEngines({ realTime: true });

  interface Readers {
    readonly delivered: Buffer[];
    readonly failed: unknown[];
  }

  function callMany(engine: Engine, count: number, signal?: AbortSignal): Readers {
    const readers: Readers = { delivered: [], failed: [] };
    for (let n = 0; n < count; n += 1) {
      engine.batcher.submit(read, 'a', '', { signal }).then(
        (value) => readers.delivered.push(value),
        (error: unknown) => readers.failed.push(error),
      );
    }
    return readers;
  }

  it('is delivered in several turns of the event loop', async () => {
    const engine = newEngine();
    const { delivered } = callMany(engine, 100);
    await settle();
    engine.sent('read a').answer([Buffer.alloc(MEGABYTE)]);
    let turns = 0;
    while (delivered.length < 100) {
      const before = delivered.length;
      await settle();
      turns += 1;
      expect(delivered.length - before).toBeLessThanOrEqual(20);
    }
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(delivered.every(({ length }) => length === MEGABYTE)).toBe(true);
  });

  it('lets the next calls on its key go before all have it', async () => {
    const engine = newEngine();
    const { delivered } = callMany(engine, 100);
    await settle();
    engine.sent('read a').answer([Buffer.alloc(MEGABYTE)]);
    engine.call(reading('get'), 'a');
    await settle();
    expect(engine.inFlight).toEqual(['get a']);
    expect(delivered.length).toBeLessThan(100);
  });

  it('is not delivered to callers that abort meanwhile', async () => {
    const engine = newEngine();
    const first = callMany(engine, 50);
    const aborting = new AbortController();
    const aborted = callMany(engine, 5, aborting.signal);
    const last = callMany(engine, 50);
    await settle();
    engine.sent('read a').answer([Buffer.alloc(MEGABYTE)]);
    aborting.abort(new Error('gone'));
    await engine.batcher.close(10_000);
    await settle();
    expect(first.delivered).toHaveLength(50);
    expect(aborted.failed).toHaveLength(5);
    expect(last.delivered).toHaveLength(50);
  });

  it('that is small is delivered at once', async () => {
    const engine = newEngine();
    const { delivered } = callMany(engine, 1_000);
    await settle();
    engine.sent('read a').answer([Buffer.alloc(100)]);
    await Promise.resolve();
    expect(delivered).toHaveLength(1_000);
  });
});
