import { describe, expect, it } from '@jest/globals';
import { ownFailureOf } from '../../support/failures.js';
import { Harness } from '../../support/harness.js';
import { POOL_KINDS } from './load/settings.js';
import { startBeside, wrongAnswersBehind } from './support/beside.js';
import { itWithstands } from './support/withstand.js';

describe('Writes that the table refuses', () => {
  const harness = Harness.use();

  itWithstands(harness, 'refused writes', () => ({ neighbour: 'nobody' }));

  it.each(POOL_KINDS)('leave the gets behind them with their answers (%s pool)', async (kind) => {
    const beside = await startBeside(harness, kind);
    const { store, tableName } = beside;
    await harness.sql(`ALTER TABLE ${tableName} ADD CHECK (id <> 'refused')`);
    const refusedSet = async (): Promise<void> => {
      const { code } = await ownFailureOf(store.set('refused', 'value'));
      expect(code).toBe('ERR_QUERY');
    };
    expect(await wrongAnswersBehind(beside, 300, refusedSet)).toEqual([]);
    const refusedTransaction = async (): Promise<void> => {
      const entries: [string, string][] = [['refused', 'value'], ['other', 'value']]; // prettier-ignore
      expect((await ownFailureOf(store.setMany(entries))).code).toBe('ERR_QUERY');
    };
    expect(await wrongAnswersBehind(beside, 100, refusedTransaction)).toEqual([]);
    expect(await store.get('other')).toBeUndefined();
  });
});
