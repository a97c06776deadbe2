import { beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { everyCall } from '../conformance/store-calls.js';
import { Harness } from '../support/harness.js';

const { builtins } = pg.types;
const CHANGED = [builtins.JSON, builtins.JSONB, builtins.INT8, builtins.BOOL];

/** Entries and all that boots, sweeps and ends them work whatever the application has the driver make of types. */
describe('Type parsers of the application', () => {
  const harness = Harness.use();

  // Jest loads pg anew for each file, so this changes it for this one alone.
  beforeAll(() =>
    CHANGED.forEach((oid) => pg.types.setTypeParser(oid, (text) => `parsed ${text}`)),
  );

  it.each(['own', 'lent'])('change nothing for the store (%s pool)', async (kind) => {
    const tableName = harness.table();
    const types = { getTypeParser: () => (value: unknown) => `parsed ${String(value)}` };
    const config = { connectionString: harness.url, types, binary: true };
    const target = kind === 'own' ? { connection: config } : { pool: harness.pool(config) };
    for (const more of [
      {},
      { skipSchemaInit: true },
      { batching: false, cleanup: false } as const,
    ]) {
      const running = await harness.startStore({ ...target, ...more, tableName });
      const { store, cleanup } = running;
      for (const [, call] of everyCall) await call(store);
      await store.set('key', 'value', { owner: 'ann', ttl: 60_000 });
      expect(await store.getEntry('key')).toMatchObject({
        value: Buffer.from('value'),
        owner: 'ann',
      });
      await harness.sql(`UPDATE ${tableName} SET expires_at = now() - interval '1 hour'`);
      expect(await cleanup.sweep()).toMatchObject({ deleted: expect.any(Number), skipped: false });
      expect(await harness.sql(`SELECT FROM ${tableName} WHERE id = 'key'`)).toEqual([]);
      await running.close();
    }
  });
});
