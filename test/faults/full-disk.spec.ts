import { describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { codeOf, settleAll } from './support/settle.js';

describe('A disk that is full (SQLSTATE 53100)', () => {
  const harness = Harness.use();

  it('fails the writes that need room, once each, and no other call', async () => {
    const tableName = harness.table();
    const { store } = await harness.startStore({ tableName });
    await store.set('kept', 'value');
    await harness.sql(`
      CREATE FUNCTION ${tableName}_full() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.id LIKE 'large%' THEN
            RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
          END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON ${tableName}
        FOR EACH ROW EXECUTE FUNCTION ${tableName}_full()`);
    const settled = await settleAll([
      ...Array.from({ length: 40 }, (_, n) => () => store.set(n % 4 ? `s${n}` : `large${n}`, 'v')),
      () => store.get('kept'),
      () => store.touch('kept', 60_000),
      () => store.increment('count'),
    ]);
    const expected = settled.map((_, n) => (n < 40 && n % 4 === 0 ? 'ERR_QUERY' : 'ok'));
    expect(settled.map(codeOf)).toEqual(expected);
    expect(settled[0].error).toMatchObject({ cause: { code: '53100' } });
    await expect(store.get('s1')).resolves.toBeDefined();
  });
});
