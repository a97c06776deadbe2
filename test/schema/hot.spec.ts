import { beforeAll, describe, expect, it } from '@jest/globals';
import { Client, type QueryResultRow } from 'pg';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SESSIONS = 640;
const IN_FLIGHT = 64;
const MINUTES = 30;
const TIMEOUT = 90_000;

interface TableStatistics {
  updates: number;
  hot: number;
  /** Rows read by walking through the table. */
  walked: number;
}

describe('the layout at work', () => {
  const harness = Harness.use();
  let url: string;

  // Old versions of rows stay while any transaction of the same database might see them, and other
  // tests keep transactions open.
  beforeAll(async () => {
    url = await harness.createDatabase();
  });

  async function query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<R[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<R>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async function statisticsOf(table: string): Promise<TableStatistics> {
    const [row] = await query<TableStatistics>(
      `SELECT n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot, seq_tup_read::int AS walked
       FROM pg_stat_user_tables WHERE relid = $1::regclass`,
      [table],
    );
    return row;
  }

  async function expiryScans(table: string): Promise<number> {
    const [row] = await query<{ scans: number }>(
      'SELECT idx_scan::int AS scans FROM pg_stat_user_indexes WHERE indexrelid = $1::regclass',
      [`${table}_expires_at`],
    );
    return row.scans;
  }

  it(
    'rewrites no index for at least 95 % of rolling touches at a ttl of a day',
    async () => {
      const tableName = harness.table();
      // A busy machine gathers more calls in a statement, whose new rows then lack room on their pages.
      const batching = { maxRows: IN_FLIGHT / 4 };
      const { store, close } = await harness.startStore({ connection: url, tableName, batching });
      // An ANALYZE is such a transaction too, and on a busy machine it takes its time.
      await query(`ALTER TABLE ${tableName} SET (autovacuum_enabled = false)`);
      const keys = Array.from({ length: SESSIONS }, (_, n) => `session:${n}`);
      await Promise.all(keys.map((key) => store.set(key, Buffer.alloc(600, key), { ttl: DAY })));
      // A ttl that grows by a minute writes what a touch a minute later would write.
      for (let minute = 1; minute <= MINUTES; minute++) {
        for (const wave of waves(shuffled(keys))) {
          await Promise.all(wave.map((key) => store.touch(key, DAY + minute * MINUTE)));
        }
      }
      // Backends report what they counted when they end, at the latest.
      await close();
      await waitFor(async () => (await statisticsOf(tableName)).updates === SESSIONS * MINUTES);
      const { updates, hot } = await statisticsOf(tableName);
      expect(hot / updates).toBeGreaterThanOrEqual(0.95);
    },
    TIMEOUT,
  );

  it('lets the sweep find expired rows by the index', async () => {
    const tableName = harness.table();
    const { cleanup, close } = await harness.startStore({ connection: url, tableName });
    await query(
      `INSERT INTO ${tableName} (id, value, expires_at)
       SELECT 'live' || n, repeat('x', 200)::bytea, now() + n * interval '1 s' + interval '1 h'
       FROM generate_series(1, 20000) AS n`,
    );
    await query(
      `INSERT INTO ${tableName} (id, value, expires_at)
       SELECT 'gone' || n, 'x', now() - n * interval '1 min' FROM generate_series(1, 50) AS n`,
    );
    await query(`ANALYZE ${tableName}`);
    expect(await cleanup.sweep()).toMatchObject({ deleted: 50 });
    await close();
    await waitFor(() => expiryScans(tableName));
    expect((await statisticsOf(tableName)).walked).toBe(0);
  });
});

function shuffled(keys: string[]): string[] {
  return keys
    .map((key) => ({ key, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ key }) => key);
}

function* waves(keys: string[]): Generator<string[]> {
  for (let first = 0; first < keys.length; first += IN_FLIGHT) {
    yield keys.slice(first, first + IN_FLIGHT);
  }
}
