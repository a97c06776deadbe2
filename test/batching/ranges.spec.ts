import { describe, expect, it } from '@jest/globals';
import { outcomes, pass, settle, useEngines, type Engine } from './support/engine.js';
import { connectionLost } from './support/failures.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');
const setMany = writing('setMany', { maxRows: 1 });
const deletePage = writing('deletePage', { maxRows: 1 });
const scanPage = reading('scanPage', { maxRows: 1 });

/**
 * A range call takes its place in the order when it is made, and then works in pages. It waits for the
 * earlier writes that it can meet: those on keys under its prefix.
 */
describe('A range call', () => {
  const newEngine = useEngines();

  it('waits for the earlier writes on keys under its prefix', async () => {
    const engine = newEngine();
    engine.call(set, 'p:a', '1');
    engine.call(setMany, ['p:b', 'q:b'], '2');
    const range = engine.openRange({ prefix: 'p:' });
    engine.call(deletePage, range, '1st');
    await settle();
    await engine.answer('set p:a=1');
    expect(engine.inFlight).toEqual(['setMany p:b+q:b=2']);
    await engine.answer('setMany');
    expect(engine.inFlight).toEqual(['deletePage p:*=1st']);
  });

  it('waits for a write that has a read behind it', async () => {
    const engine = newEngine();
    engine.call(set, 'p:a', '1');
    engine.call(get, 'p:a');
    engine.call(deletePage, engine.openRange({ prefix: 'p:' }), '1st');
    await settle();
    expect(engine.inFlight).toEqual(['set p:a=1']);
    await engine.answer('set p:a=1');
    await engine.answer('get p:a');
    expect(engine.inFlight).toEqual(['deletePage p:*=1st']);
  });

  it('waits neither for reads nor for writes on other keys', async () => {
    const engine = newEngine();
    engine.call(get, 'p:a');
    engine.call(set, 'q:a', '1');
    engine.call(deletePage, engine.openRange({ prefix: 'p:' }), '1st');
    await settle();
    expect(engine.inFlight).toEqual(['get p:a', 'set q:a=1', 'deletePage p:*=1st']);
  });

  it('waits for writes that were made before it was, and not before its first page', async () => {
    const engine = newEngine();
    const range = engine.openRange({ prefix: 'p:', writes: false });
    engine.call(set, 'p:a', '1');
    engine.call(scanPage, range, '1st');
    await settle();
    expect(engine.inFlight).toEqual(['set p:a=1', 'scanPage p:*=1st']);
  });

  it('that waits for a write has no later one share the place of that', async () => {
    const engine = newEngine();
    const touch = writing('touch', { share: (live) => live });
    engine.call(get, 'p:a');
    engine.call(touch, 'p:a', 'before');
    engine.call(scanPage, engine.openRange({ prefix: 'p:', writes: false }), '1st');
    engine.call(touch, 'p:a', 'after');
    await settle();
    await engine.answer('get p:a');
    expect(engine.inFlight).toEqual(['touch p:a=before']);
  });

  it('sends each page when it is made, since its turn has come', async () => {
    const engine = newEngine();
    const range = engine.openRange({ prefix: '' });
    for (const page of ['1st', '2nd', '3rd']) {
      const call = engine.call(deletePage, range, page);
      await settle();
      await engine.answer(`deletePage *=${page}`, ['done']);
      expect(call.outcome).toBe('resolved: done');
    }
  });

  it('waits for what a write that it waits for may still do on a connection that was lost', async () => {
    const engine = newEngine();
    engine.source.holdsFences = true;
    engine.call(writing('set', { repeatable: false }), 'p:a', '1');
    engine.call(deletePage, engine.openRange({ prefix: 'p:' }), '1st');
    await settle();
    await engine.fail('set', connectionLost());
    expect(engine.inFlight).toEqual([]);
    engine.source.discarded[0].stop();
    await settle();
    expect(engine.inFlight).toEqual(['deletePage p:*=1st']);
  });
});

describe('Range calls that overlap', () => {
  const newEngine = useEngines();

  it.each([
    ['p:', 'p:q:'],
    ['p:q:', 'p:'],
    ['p:', 'p:'],
    ['', 'p:'],
  ])('go one after the other: "%s" and then "%s"', async (first, second) => {
    const engine = newEngine();
    const range = engine.openRange({ prefix: first });
    engine.call(deletePage, range, '1st');
    engine.call(scanPage, engine.openRange({ prefix: second, writes: false }), '2nd');
    await settle();
    expect(engine.inFlight).toEqual([`deletePage ${first}*=1st`]);
    engine.batcher.finishRange(range);
    await engine.answer('deletePage');
    expect(engine.inFlight).toEqual([`scanPage ${second}*=2nd`]);
  });

  it('do not wait for those of another prefix or of another owner', async () => {
    const engine = newEngine();
    engine.call(deletePage, engine.openRange({ prefix: 'p:', owner: 'alice' }), '1st');
    engine.call(deletePage, engine.openRange({ prefix: 'q:' }), '2nd');
    const ofBob = engine.openRange({ prefix: 'p:', owner: 'bob', writes: false });
    engine.call(scanPage, ofBob, '3rd');
    await settle();
    expect(engine.inFlight.toSorted()).toEqual([
      'deletePage p:*=1st',
      'deletePage q:*=2nd',
      'scanPage p:*=3rd',
    ]);
  });

  it('do not wait for scans', async () => {
    const engine = newEngine();
    engine.call(scanPage, engine.openRange({ prefix: '', writes: false }), '1st');
    engine.call(deletePage, engine.openRange({ prefix: '' }), '2nd');
    await settle();
    expect(engine.inFlight).toEqual(['scanPage *=1st', 'deletePage *=2nd']);
  });
});

describe('A range call that is over before its turn has come', () => {
  const newEngine = useEngines();

  /** A write that is in flight for longer than a call may take, and a deletion that waits for it. */
  async function heldDeletion(engine: Engine) {
    engine.call(set, 'p:a', 'slow');
    await settle();
    const range = engine.openRange({ prefix: 'p:' });
    return { range, page: engine.call(deletePage, range, '1st') };
  }

  it('settles in its time', async () => {
    const engine = newEngine({ timeout: 300 });
    const { page } = await heldDeletion(engine);
    await pass(400);
    expect(page.outcome).toBe('rejected: timed out');
  });

  it('sends nothing any more', async () => {
    const engine = newEngine({ timeout: 300 });
    const { range } = await heldDeletion(engine);
    await pass(400);
    engine.batcher.finishRange(range);
    await engine.answer('set p:a=slow');
    expect(engine.source.history).toEqual(['set p:a=slow']);
  });

  it('holds no later write', async () => {
    const engine = newEngine({ timeout: 300 });
    const { range } = await heldDeletion(engine);
    await pass(200);
    const calls = [
      engine.call(set, 'p:b', '2'),
      engine.call(deletePage, engine.openRange({ prefix: 'p:b' }), '2nd'),
    ];
    await pass(200);
    expect(engine.inFlight).toEqual(['set p:a=slow']);
    engine.batcher.finishRange(range);
    await settle();
    expect(engine.inFlight).toEqual(['set p:a=slow', 'set p:b=2']);
    await engine.answer('set p:b=2');
    await engine.answer('deletePage p:b*=2nd');
    expect(outcomes(calls)).toEqual(['resolved: p:b=2', 'resolved: p:b*=2nd']);
  });
});
