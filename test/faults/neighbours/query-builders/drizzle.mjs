import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';

export function open(pool) {
  const execute = (db, text) => db.execute(sql.raw(text));
  return {
    query: (text) => execute(drizzle(pool), text),
    // On a pool it would keep a client whose BEGIN fails for ever.
    transaction: async (text) => {
      const client = await pool.connect();
      try {
        await drizzle(client).transaction((tx) => execute(tx, text));
      } finally {
        client.release();
      }
    },
  };
}
