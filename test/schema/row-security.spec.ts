import { describe, expect, it } from '@jest/globals';
import { getSessionSchemaSql } from '../../lib/index.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { createClerk, grantRows, type Clerk } from '../support/roles.js';

describe('Row-level security', () => {
  const harness = Harness.use();

  async function securedTable(): Promise<Clerk & { tableName: string }> {
    const tableName = harness.table();
    await harness.sql(getSessionSchemaSql({ tableName }));
    const clerk = await createClerk(harness);
    await grantRows(harness, tableName, clerk);
    await harness.sql(`ALTER TABLE ${tableName} ENABLE ROW LEVEL SECURITY`);
    return { tableName, ...clerk };
  }

  it('is refused at the start if no policy lets the role in, with what to run', async () => {
    const { tableName, connection, role } = await securedTable();
    for (const skipSchemaInit of [true, false]) {
      const error = await ownFailureOf(
        harness.startStore({ connection, tableName, skipSchemaInit }),
      );
      expect(error.code).toBe('ERR_SCHEMA_INIT');
      expect(error.message).toContain(
        `no policy that allows the role "${role}" to SELECT, INSERT, UPDATE, DELETE`,
      );
      const cure = /^CREATE POLICY .*;$/m.exec(error.message)?.[0];
      if (!skipSchemaInit) await harness.sql(cure ?? '');
    }
    const { store } = await harness.startStore({ connection, tableName });
    await store.set('key', 'value');
    await store.set('key', 'newer');
    expect((await store.get('key'))?.toString()).toBe('newer');
    expect(await store.delete('key')).toBe(true);
  });

  it('is refused at the start if its policies are of other roles or for some commands', async () => {
    const { tableName, connection } = await securedTable();
    const other = await createClerk(harness);
    await harness.sql(`CREATE POLICY others ON ${tableName} TO ${other.role} USING (true)`);
    await harness.sql(`CREATE POLICY readers ON ${tableName} FOR SELECT USING (true)`);
    const error = await ownFailureOf(harness.startStore({ connection, tableName }));
    expect(error.message).toMatch(/to INSERT, UPDATE, DELETE\./);
  });

  it('needs to let a store in that only reads for SELECT alone', async () => {
    const { tableName, connection, role } = await securedTable();
    await harness.sql(`CREATE POLICY readers ON ${tableName} FOR SELECT TO ${role} USING (true)`);
    await harness.sql(`INSERT INTO ${tableName} (id, value) VALUES ('key', 'value')`);
    const { store } = await harness.startStore({ connection, tableName, readOnly: true });
    expect((await store.get('key'))?.toString()).toBe('value');
  });

  it('does not concern the owner of the table', async () => {
    const { tableName } = await securedTable();
    const { store } = await harness.startStore({ tableName });
    await store.set('key', 'value');
  });

  it('tells the first write that a policy refuses', async () => {
    const { tableName, connection } = await securedTable();
    await harness.sql(
      `CREATE POLICY mine ON ${tableName} USING (id LIKE 'mine:%') WITH CHECK (id LIKE 'mine:%')`,
    );
    const { store } = await harness.startStore({ connection, tableName });
    await store.set('mine:1', 'value');
    const error = await ownFailureOf(store.set('theirs:1', 'value'));
    expect(error.code).toBe('ERR_QUERY');
    expect(error.message).toContain('row-level security');
  });
});
