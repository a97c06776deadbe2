import { describe, expect, it } from '@jest/globals';
import { getSessionPoolToken } from '../../lib/index.js';
import type { Pool } from 'pg';
import { collect } from '../conformance/helpers.js';
import { Harness } from '../support/harness.js';

describe('The names of prepared statements', () => {
  const harness = Harness.use();

  it('say what each is for, in pg_prepared_statements and in traces', async () => {
    const { app, store } = await harness.startStore({
      connection: { connectionString: harness.url, max: 1 },
      tableName: harness.table(),
    });
    await store.set('k', 'v', { owner: 'o' });
    await Promise.all([store.get('k'), store.get('l')]);
    await store.get('k');
    await store.increment('n');
    await collect(store.scanOwner('o'));
    await store.delete('k');
    const pool = app.get<Pool>(getSessionPoolToken());
    const { rows } = await pool.query<{ name: string }>('SELECT name FROM pg_prepared_statements');
    const words = rows.map(
      ({ name }) => /^postgres_session_([a-z_]+)_[0-9a-f]{16}$/.exec(name)?.[1],
    );
    expect(words).not.toContain(undefined);
    expect(words).toEqual(
      expect.arrayContaining(['get', 'get_batch', 'set', 'increment', 'owner_page', 'delete']),
    );
  });
});
