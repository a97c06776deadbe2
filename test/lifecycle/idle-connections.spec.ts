import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';

describe('an error on an idle connection', () => {
  const harness = Harness.use();

  /** Ends every backend of this name, and resolves when none is left. */
  async function terminate(applicationName: string): Promise<void> {
    const ended = await harness.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`,
      [applicationName],
    );
    expect(ended.length).toBeGreaterThan(0);
    await waitFor(async () => {
      const rows = await harness.sql('SELECT FROM pg_stat_activity WHERE application_name = $1', [
        applicationName,
      ]);
      return rows.length === 0;
    });
  }

  it.each(['owned', 'borrowed'])(
    'does not end the process, nor the store (%s pool)',
    async (kind) => {
      const name = `idle-${harness.table()}`;
      const connection = harness.urlNamed(name);
      const pool = kind === 'borrowed' ? harness.pool({ connectionString: connection }) : undefined;
      const target = pool ? { pool } : { connection };
      const { store } = await harness.startStore({ ...target, tableName: harness.table() });
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.set(`key${n}`, 'value')));
      for (let times = 0; times < 3; times++) {
        await terminate(name);
        expect(await store.get('key1')).toEqual(Buffer.from('value'));
      }
    },
  );
});
