import type { Pool } from 'pg';

/** From the most to the least like what a server's default may be; the last one always exists with ICU. */
const LINGUISTIC_COLLATIONS = ['en_US', 'en_US.utf8', 'en-US-x-icu', 'und-x-icu'];

/** The table as celeris `postgresstore` makes it, in a database that does not sort by bytes. */
export async function createCelerisTable(sql: Pool, table: string): Promise<void> {
  const { rows } = await sql.query<{ collname: string }>(
    `SELECT collname FROM pg_collation
     WHERE collname = ANY ($1) AND collencoding IN (-1, pg_char_to_encoding('UTF8'))
     ORDER BY array_position($1, collname::text) LIMIT 1`,
    [LINGUISTIC_COLLATIONS],
  );
  const collation = rows.at(0)?.collname ?? 'default';
  await sql.query(`
    CREATE TABLE ${table} (
      id text COLLATE "${collation}" PRIMARY KEY, value bytea NOT NULL, expires_at timestamptz);
    CREATE INDEX ${table}_expires_at ON ${table} (expires_at) WHERE expires_at IS NOT NULL`);
}

/** The statements of celeris `postgresstore`. */
export const celerisStatements = (table: string) => ({
  get: `SELECT value FROM ${table} WHERE id = $1 AND (expires_at IS NULL OR expires_at > NOW())`,
  set: `INSERT INTO ${table} (id, value, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at`,
  delete: `DELETE FROM ${table} WHERE id = $1`,
  deletePrefix: `DELETE FROM ${table} WHERE id LIKE $1`,
  truncate: `TRUNCATE TABLE ${table}`,
  cleanup: `DELETE FROM ${table} WHERE expires_at IS NOT NULL AND expires_at <= NOW()`,
});
