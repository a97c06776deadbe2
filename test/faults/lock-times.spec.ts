import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyValueStore, PostgresSessionStore } from '../../lib/index.js';
import { numbered } from '../conformance/helpers.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { codeOf, settleAll } from './support/settle.js';

/** More than a batch carries, so that they take several statements. */
const MANY = 300;
const entries = (keys: string[]): [string, string][] => keys.map((key) => [key, 'written']);

const writes: Array<[name: string, write: (store: KeyValueStore) => Promise<unknown>]> = [
  ['set', (store) => store.set('key', 'written')],
  ['touch', (store) => store.touch('key', 60_000)],
  ['delete', (store) => store.delete('key')],
  ['setIfAbsent', (store) => store.setIfAbsent('key', 'written')],
  ['setIfPresent', (store) => store.setIfPresent('key', 'written')],
  ['move', (store) => store.move('key', 'other', 'written')],
  ['getAndDelete', (store) => store.getAndDelete('key')],
  ['compareAndSet', (store) => store.compareAndSet('key', 'value', 'written')],
  ['update', (store) => store.update('key', () => 'written')],
  ['increment', (store) => store.increment('count')],
  ['setMany', (store) => store.setMany(entries(['key', 'other']))],
  ['setMany in several statements', (store) => store.setMany(entries(numbered('k', MANY)))],
  ['deleteMany', (store) => store.deleteMany(['key', 'other'])],
  ['deleteMany in several statements', (store) => store.deleteMany(numbered('k', MANY))],
  ['deletePrefix', (store) => store.deletePrefix('k')],
  ['deleteOwner', (store) => store.deleteOwner('alice')],
];

describe('A write without a bound on its time', () => {
  const harness = Harness.use();
  const REFUSALS = 25;

  const tableName = harness.table();
  let store: PostgresSessionStore;

  /** The first statements find somebody else's lock. What a sequence counts is never rolled back. */
  beforeAll(async () => {
    ({ store } = await harness.startStore({ tableName, operationTimeout: false }));
    await harness.sql(`
      CREATE SEQUENCE tries START ${REFUSALS + 1};
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('tries') <= ${REFUSALS} THEN RAISE lock_not_available; END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ${tableName}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse()`);
  });

  it.each(writes)('is tried until the lock is free: %s', async (_, write) => {
    await store.set('key', 'value', { owner: 'alice' });
    await harness.sql(`SELECT setval('tries', 1)`);
    await write(store);
    const [{ tries }] = await harness.sql<{ tries: number }>(
      'SELECT last_value::int AS tries FROM tries',
    );
    expect(tries).toBeGreaterThan(REFUSALS);
  });
});

describe('A batch', () => {
  const harness = Harness.use();

  /** Keeps how long each statement that inserts several rows waits for locks, in milliseconds. */
  async function keepLockTimes(table: string): Promise<() => Promise<number[]>> {
    await harness.sql(`
      CREATE TABLE times_${table} (time interval);
      CREATE FUNCTION keep_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO times_${table}
          SELECT current_setting('lock_timeout')::interval FROM inserted HAVING count(*) > 1;
        RETURN NULL;
      END $$;
      CREATE TRIGGER keep AFTER INSERT ON ${table} REFERENCING NEW TABLE AS inserted
        FOR EACH STATEMENT EXECUTE FUNCTION keep_${table}()`);
    return async () => {
      const rows = await harness.sql<{ ms: number }>(
        `SELECT (1000 * extract(epoch FROM time))::int AS ms FROM times_${table}`,
      );
      return rows.map(({ ms }) => ms);
    };
  }

  it.each([100, 150])(
    'waits for a lock for half of %i ms at most, so that its calls have time to go one by one',
    async (operationTimeout) => {
      const tableName = harness.table();
      const { store } = await harness.startStore({ tableName, operationTimeout });
      const keptTimes = await keepLockTimes(tableName);
      const times = await waitFor(
        async () => {
          // How they end depends on how busy the machine is; how long they would wait does not.
          const sets = numbered(randomUUID(), 10).map((key) => () => store.set(key, 'value'));
          await settleAll(sets);
          const kept = await keptTimes();
          return kept.length > 0 && kept;
        },
        { what: 'a batch' },
      );
      expect(Math.min(...times)).toBeGreaterThan(0);
      expect(Math.max(...times)).toBeLessThanOrEqual(operationTimeout / 2);
    },
  );

  it('with a locked row leaves its other calls their time also if that is short', async () => {
    const tableName = harness.table();
    const { store } = await harness.startStore({ tableName, operationTimeout: 600 });
    await store.set('locked', 'value');
    const holder = await harness.connect();
    await holder.query(`BEGIN; UPDATE ${tableName} SET value = value WHERE id = 'locked'`);
    const calls = ['locked', ...numbered('k', 10)].map((key) => () => store.set(key, 'written'));
    const [locked, ...others] = await settleAll(calls);
    await holder.query('ROLLBACK');
    expect(codeOf(locked)).toBe('ERR_TIMEOUT');
    expect(others.map(codeOf)).toEqual(others.map(() => 'ok'));
  });
});
