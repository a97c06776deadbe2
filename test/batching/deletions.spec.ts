import { describe, expect, it } from '@jest/globals';
import { settle, useEngines, type Engine } from './support/engine.js';
import { reading, writing } from './support/operations.js';

const get = reading('get');
const set = writing('set');
const touch = writing('touch', { share: (live) => live });
const setMany = writing('setMany', { maxRows: 1 });
const deletePage = writing('deletePage', { maxRows: 1 });
const scanPage = reading('scanPage', { maxRows: 1 });

/** Only later writes on keys under its prefix wait for a deletion: its pages must not take out what they write. */
describe('While a range is deleted', () => {
  const newEngine = useEngines();

  /** A deletion of `p:` whose first page is in flight. */
  async function startDeletion(engine: Engine, owner?: string) {
    const range = engine.openRange({ prefix: 'p:', owner });
    engine.call(deletePage, range, '1st');
    await settle();
    return range;
  }

  it('later writes under its prefix wait until the last page has been answered', async () => {
    const engine = newEngine();
    const range = await startDeletion(engine);
    engine.call(set, 'p:a', '1');
    engine.call(setMany, ['q:b', 'p:b'], '2');
    await engine.answer('deletePage p:*=1st');
    engine.call(deletePage, range, '2nd');
    await settle();
    expect(engine.inFlight).toEqual(['deletePage p:*=2nd']);
    engine.batcher.finishRange(range);
    expect(engine.inFlight).toEqual(['deletePage p:*=2nd']);
    await engine.answer('deletePage p:*=2nd');
    expect(engine.inFlight).toEqual(['set p:a=1', 'setMany q:b+p:b=2']);
  });

  it('reads, and writes on other keys, do not wait', async () => {
    const engine = newEngine();
    await startDeletion(engine);
    engine.call(get, 'p:a');
    engine.call(set, 'q:a', '1');
    engine.call(set, 'p', '2');
    await settle();
    expect(engine.inFlight.slice(1)).toEqual(['get p:a', 'set q:a=1 p=2']);
  });

  it('a read goes behind a write that waits', async () => {
    const engine = newEngine();
    const range = await startDeletion(engine);
    engine.call(set, 'p:a', '1');
    engine.call(get, 'p:a');
    engine.batcher.finishRange(range);
    await engine.answer('deletePage');
    expect(engine.inFlight).toEqual(['set p:a=1']);
    await engine.answer('set p:a=1');
    expect(engine.inFlight).toEqual(['get p:a']);
  });

  it('a later write shares no place with one that was made before the deletion', async () => {
    const engine = newEngine();
    engine.call(touch, 'p:a', '0');
    await settle();
    engine.call(touch, 'p:a', 'before');
    const range = engine.openRange({ prefix: 'p:' });
    engine.call(deletePage, range, '1st');
    engine.call(touch, 'p:a', 'after');
    engine.batcher.finishRange(range);
    await settle();
    await engine.answerAll();
    expect(engine.source.history).toEqual([
      'touch p:a=0',
      'touch p:a=before',
      'deletePage p:*=1st',
      'touch p:a=after',
    ]);
  });

  it('the deletion of one owner is waited for by the writes of this owner only', async () => {
    const engine = newEngine();
    await startDeletion(engine, 'alice');
    engine.call(set, 'p:a', '1', { entryOwner: 'alice' });
    engine.call(set, 'p:b', '2', { entryOwner: 'bob' });
    engine.call(set, 'p:c', '3');
    await settle();
    expect(engine.inFlight.slice(1)).toEqual(['set p:b=2 p:c=3']);
  });

  it('a scan holds no write', async () => {
    const engine = newEngine();
    engine.call(scanPage, engine.openRange({ prefix: 'p:', writes: false }), '1st');
    engine.call(set, 'p:a', '1');
    await settle();
    expect(engine.inFlight).toEqual(['scanPage p:*=1st', 'set p:a=1']);
  });
});
