import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '../../lib/timings.js';
import { outcomes, pass, settle, useEngines, type Engine } from './support/engine.js';
import { connectionLost, rolledBack } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');
const deletePage = writing('deletePage', { maxRows: 1 });
const scanPage = reading('scanPage', { maxRows: 1 });

/** Closes, and tells whether that has ended. */
function close({ batcher }: Engine, timeout = 1_000): { isOver: boolean } {
  const closing = { isOver: false };
  const watch = async (): Promise<void> => {
    await batcher.close(timeout);
    closing.isOver = true;
  };
  void watch();
  return closing;
}

/** Closing refuses new calls and waits for the others, but not for ever. */
describe('A batcher that closes', () => {
  const newEngine = useEngines();

  it('ends at once if there is nothing to wait for', async () => {
    const closing = close(newEngine());
    await settle();
    expect(closing.isOver).toBe(true);
  });

  it('refuses new calls, and further pages of scans', async () => {
    const engine = newEngine();
    const range = engine.openRange({ prefix: '', writes: false });
    const closing = close(engine);
    const calls = [engine.call(get, 'a'), engine.call(scanPage, range, '2nd')];
    await settle();
    expect(outcomes(calls)).toEqual(['rejected: closed', 'rejected: closed']);
    expect(engine.source.acquired).toBe(0);
    expect(closing.isOver).toBe(true);
  });

  it('waits for a deletion that has begun, page after page', async () => {
    const engine = newEngine();
    const range = engine.openRange({ prefix: '' });
    const first = engine.call(deletePage, range, '1st');
    await settle();
    const closing = close(engine);
    await engine.answer('deletePage');
    expect(closing.isOver).toBe(false);
    const second = engine.call(deletePage, range, '2nd');
    await settle();
    await engine.answer('deletePage');
    engine.batcher.finishRange(range);
    await settle();
    expect(outcomes([first, second])).toEqual(['resolved: *=1st', 'resolved: *=2nd']);
    expect(closing.isOver).toBe(true);
  });

  it('cuts off a deletion that takes longer', async () => {
    const engine = newEngine();
    const range = engine.openRange({ prefix: '' });
    const closing = close(engine, 50);
    await pass(200);
    expect(closing.isOver).toBe(true);
    const late = engine.call(deletePage, range, 'late');
    await settle();
    expect(late.outcome).toBe('rejected: closed');
  });

  it('waits for the calls in flight, and for those behind them', async () => {
    const engine = newEngine();
    const calls = [engine.call(set, 'a'), engine.call(get, 'a')];
    await settle();
    const closing = close(engine);
    await engine.answer('set a');
    expect(closing.isOver).toBe(false);
    await engine.answer('get a');
    expect(closing.isOver).toBe(true);
    expect(outcomes(calls)).toEqual(['resolved: a', 'resolved: a']);
  });

  it('waits for calls that are tried again', async () => {
    const engine = newEngine();
    const call = engine.call(set, 'a');
    await settle();
    const closing = close(engine);
    await engine.fail('set', rolledBack());
    await pass(TIMINGS.LONGEST_BACKOFF);
    await engine.answer('set');
    expect(call.outcome).toBe('resolved: a');
    expect(closing.isOver).toBe(true);
  });

  it('waits for what nobody waits for any more but is still in flight', async () => {
    const engine = newEngine();
    const aborting = new AbortController();
    engine.call(set, 'a', '1', { signal: aborting.signal });
    await settle();
    const closing = close(engine);
    aborting.abort(new Error('gone'));
    await pass(2 * TIMINGS.TICK);
    expect(closing.isOver).toBe(false);
    await engine.answer('set a');
    expect(closing.isOver).toBe(true);
  });

  it('does not wait for calls that were aborted before they were sent', async () => {
    const engine = newEngine();
    engine.source.isHeld = true;
    const aborting = new AbortController();
    engine.call(set, 'a', '1', { signal: aborting.signal });
    const closing = close(engine);
    aborting.abort(new Error('gone'));
    await pass(2 * TIMINGS.TICK);
    expect(closing.isOver).toBe(true);
  });

  it('does not wait for the end of a write that its caller was told about', async () => {
    const engine = newEngine();
    engine.source.holdsFences = true;
    const call = engine.call(writing('increment', { repeatable: false }), 'a');
    await settle();
    const closing = close(engine);
    await engine.fail('increment', connectionLost());
    await pass(2 * TIMINGS.TICK);
    expect(call.outcome).toBe('rejected: outcome unknown');
    expect(closing.isOver).toBe(true);
  });

  it('cuts off what has not ended in its time, with its connections', async () => {
    const engine = newEngine({ timeout: 10_000 });
    const calls = [engine.call(set, 'a'), engine.call(get, 'a'), engine.call(get, 'b')];
    await settle();
    const closing = close(engine, 1_000);
    await pass(900);
    expect(outcomes(calls)).toEqual(['pending', 'pending', 'pending']);
    await pass(200);
    expect(outcomes(calls)).toEqual(Array(3).fill('rejected: closed'));
    expect(closing.isOver).toBe(true);
    expect(engine.discarded).toEqual([0, 1]);
    await pass(1_000);
    expect(engine.source.history).toEqual(['set a', 'get b']);
  });

  it('cuts off what waits for a connection, for its key, or to be tried again', async () => {
    const engine = newEngine({ timeout: 10_000 });
    const calls = [engine.call(set, 'a')];
    await settle();
    await engine.fail('set a', rolledBack());
    engine.source.isHeld = true;
    calls.push(engine.call(get, 'a'), engine.call(get, 'b'));
    const closing = close(engine, 0);
    await pass(1);
    expect(outcomes(calls)).toEqual(Array(3).fill('rejected: closed'));
    expect(closing.isOver).toBe(true);
  });
});
