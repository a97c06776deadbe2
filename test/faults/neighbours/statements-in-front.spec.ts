import { describe, expect, it } from '@jest/globals';
import { Harness } from '../../support/harness.js';
import { acquireHook, connectHook, statementsInFront } from '../../support/neighbours/hooks.js';
import type { Neighbour } from '../../support/neighbours/neighbour.js';
import { POOL_KINDS } from './load/settings.js';
import { startBeside, wrongAnswersBehind } from './support/beside.js';
import { itWithstands } from './support/withstand.js';

describe('Statements that something queues before every query', () => {
  const harness = Harness.use();
  itWithstands(harness, 'statements in front', () => ({ neighbour: 'statementsInFront' }));
});

describe('Statements in an acquire hook of the pool', () => {
  const harness = Harness.use();
  itWithstands(harness, 'acquire hook', () => ({ neighbour: 'acquireHook' }));
});

describe('Statements in a connect hook of the pool', () => {
  const harness = Harness.use();
  itWithstands(harness, 'connect hook', () => ({ neighbour: 'connectHook' }));
});

describe.each(POOL_KINDS)('A statement that nobody awaits (%s pool)', (kind) => {
  const harness = Harness.use();

  const neighbours: Array<{ where: string; neighbour: Neighbour; maxUses?: number }> = [
    { where: 'before every query', neighbour: statementsInFront },
    { where: 'in an acquire hook', neighbour: acquireHook },
    // Each use has a client of its own, so that the hook runs before every one.
    { where: 'in a connect hook', neighbour: connectHook, maxUses: 1 },
  ];

  it.each(neighbours)('$where leaves calls with their answers', async ({ neighbour, maxUses }) => {
    const beside = await startBeside(harness, kind, neighbour, { maxUses });
    const { store } = beside;
    let count = 0;
    const write = async (): Promise<void> => {
      await store.set('key', String(count));
      expect(await store.increment('count')).toBe((count += 1));
      expect(await store.delete('key')).toBe(true);
    };
    expect(await wrongAnswersBehind(beside, 50, write)).toEqual([]);
  });
});
