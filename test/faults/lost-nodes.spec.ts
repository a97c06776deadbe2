import { describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { codeOf, settle } from './support/settle.js';

describe('A statement that fails since the server lost another node', () => {
  const harness = Harness.use();

  /** The server answers writes of keys that contain `lost` as a coordinator of Citus does whose worker is down. */
  async function startStore() {
    const tableName = harness.table();
    const { store } = await harness.startStore({ tableName, operationTimeout: 1_000 });
    await harness.sql(`
      CREATE FUNCTION ${tableName}_lose() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF strpos(NEW.id, 'lost') > 0 THEN RAISE 'the node is gone' USING ERRCODE = '08006'; END IF;
          IF NEW.id = 'pid' THEN NEW.value = convert_to(pg_backend_pid()::text, 'UTF8'); END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER lose BEFORE INSERT ON ${tableName}
        FOR EACH ROW EXECUTE FUNCTION ${tableName}_lose()`);
    return store;
  }

  it('costs the keys of that node only', async () => {
    const store = await startStore();
    const keys = Array.from({ length: 32 }, (_, n) => `key:${n}`);
    const calls = [...keys, 'lost'].map((key) => settle(() => store.set(key, 'v')));
    const codes = (await Promise.all(calls)).map(codeOf);
    expect(codes).toEqual([...keys.map(() => 'ok'), 'ERR_TIMEOUT']);
  });

  it('is of unknown outcome if it must not run twice, and leaves its connection in use', async () => {
    const store = await startStore();
    const backend = async (): Promise<string | undefined> => {
      await store.set('pid', '');
      return (await store.get('pid'))?.toString();
    };
    const before = await backend();
    expect(codeOf(await settle(() => store.increment('lost')))).toBe('ERR_OUTCOME_UNKNOWN');
    expect(await backend()).toBe(before);
  });
});
