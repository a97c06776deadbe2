import { describe, expect, it } from '@jest/globals';
import { codeOf, settleAll } from '../faults/support/settle.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import type { StoreOptions } from '../support/app.js';

describe.each<[kind: string, options: StoreOptions]>([
  ['with batching', {}],
  ['without batching', { batching: false }],
  ['without retries of writes', { retryWrites: false }],
])('A table whose trigger swallows some rows (%s)', (_, options) => {
  const harness = Harness.use();

  /** Values that begin with "bad" are left out. */
  async function startStore(events: string) {
    const tableName = harness.table();
    const running = await harness.startStore({ ...options, tableName });
    await running.store.set('old', 'good');
    await harness.sql(`
      CREATE FUNCTION swallow_${tableName}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF convert_from(NEW.value, 'UTF8') LIKE 'bad%' THEN RETURN NULL; END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER swallow BEFORE ${events} ON ${tableName}
        FOR EACH ROW EXECUTE FUNCTION swallow_${tableName}()`);
    return running.store;
  }

  it.each(['INSERT', 'UPDATE', 'INSERT OR UPDATE'])(
    'fails the set of such a value with a word on triggers, and no other call (BEFORE %s)',
    async (events) => {
      const store = await startStore(events);
      const key = events === 'UPDATE' ? 'old' : 'new';
      const error = await ownFailureOf(store.set(key, 'bad'));
      expect(error.code).toBe('ERR_QUERY');
      expect(error.message).toMatch(/trigger/);
      const settled = await settleAll([
        () => store.set('a', 'good'),
        () => store.set(key, 'bad'),
        () => store.set('b', 'good'),
        () => store.get('old'),
      ]);
      expect(settled.map(codeOf)).toEqual(['ok', 'ERR_QUERY', 'ok', 'ok']);
      const values = await store.getMany(['a', 'b', 'old', 'new']);
      expect([...values].map(([name, value]) => `${name} ${value.toString()}`)).toEqual([
        'a good',
        'b good',
        'old good',
      ]);
    },
  );

  it('fails setMany too, without a trace if it took several statements', async () => {
    const store = await startStore('INSERT');
    const many = Array.from(
      { length: 600 },
      (__, n) => [`many:${n}`, n === 300 ? 'bad' : 'good'] as const,
    );
    const error = await ownFailureOf(store.setMany(many));
    expect(error.code).toBe('ERR_QUERY');
    expect(error.message).toMatch(/trigger/);
    expect((await store.getMany(many.map(([key]) => key))).size).toBe(0);
    expect((await ownFailureOf(store.setMany([['one', 'bad']]))).code).toBe('ERR_QUERY');
    await store.setMany([['one', 'good']]);
    expect((await store.get('one'))?.toString()).toBe('good');
  });
});
