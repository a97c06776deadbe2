import { createClient } from 'redis';
import { KEY_SQL, SESSION_SQL, TTL, keysOf, sessionBytes } from '../dataset.js';
import { withClient } from './client.js';

const EXPIRES_SQL = `now() + interval '${TTL} ms'`;
const REDIS_BATCH = 1_000;

/** How each table spells session `i`; the columns in the table's own names. */
const INSERTS = {
  store: {
    columns: 'id, value, expires_at',
    row: `${KEY_SQL}, convert_to(${SESSION_SQL}, 'UTF8'), ${EXPIRES_SQL}`,
  },
  pgSimple: {
    columns: 'sid, sess, expire',
    row: `${KEY_SQL}, (${SESSION_SQL})::json, ${EXPIRES_SQL}`,
  },
  keyv: {
    columns: 'key, value',
    row: `'keyv:' || ${KEY_SQL}, '{"value":' || ${SESSION_SQL} || ',"expires":'
      || (extract(epoch FROM ${EXPIRES_SQL}) * 1000)::bigint || '}'`,
  },
};

/** Fills a table with the sessions 0 … rows-1 and leaves it as a settled server has it. */
export async function fillTable(
  url: string,
  table: string,
  rows: number,
  form: keyof typeof INSERTS = 'store',
): Promise<void> {
  const { columns, row } = INSERTS[form];
  await withClient(url, async (client) => {
    await client.query(
      `INSERT INTO ${table} (${columns}) SELECT ${row} FROM generate_series(0, ${rows - 1}) i`,
    );
    await client.query(`VACUUM (ANALYZE) ${table}`);
    await client.query('CHECKPOINT');
  });
}

export async function fillRedis(url: string, rows: number): Promise<void> {
  const client = await createClient({ url }).connect();
  const { keys } = keysOf(rows);
  for (let from = 0; from < rows; from += REDIS_BATCH) {
    const batch = keys.slice(from, Math.min(from + REDIS_BATCH, rows));
    await Promise.all(
      batch.map((key, at) =>
        client.set(key, sessionBytes(from + at), { expiration: { type: 'PX', value: TTL } }),
      ),
    );
  }
  await client.close();
}
