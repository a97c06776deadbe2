import { waitFor } from '../../test/support/conditions.js';
import { withClient } from '../systems/client.js';

/** Bytes of WAL written since the server was made. */
export async function walPosition(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes`,
    );
    return Number(rows[0]?.bytes);
  });
}

/** Sizes for people: table with its TOAST, then all indexes. */
export async function footprint(url: string, table: string): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ size: string }>(
      `SELECT pg_size_pretty(pg_table_size($1)) || ' + ' || pg_size_pretty(pg_indexes_size($1)) AS size`,
      [table],
    );
    return rows[0]?.size ?? '';
  });
}

/** Waits until the statistics have caught up with `expected` updates. */
export async function updatesOf(
  url: string,
  table: string,
  expected: number,
): Promise<{ updates: number; hot: number }> {
  return withClient(url, (client) =>
    waitFor(
      async () => {
        const { rows } = await client.query<{ updates: number; hot: number }>(
          `SELECT n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot
           FROM pg_stat_user_tables WHERE relname = $1`,
          [table],
        );
        const [counted] = rows;
        return counted && counted.updates >= expected ? counted : undefined;
      },
      { timeout: 30_000, interval: 100, what: 'the statistics of the touches' },
    ),
  );
}
