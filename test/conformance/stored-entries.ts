import type { Pool } from 'pg';
import type { StoredEntry } from './subject.js';

/** Keys around any sane namespace, which a view must never reach. */
const STRANGERS = [
  '!',
  'a',
  'b',
  'k00001',
  'old',
  'view',
  'view9',
  'view;',
  'VIEW:a',
  '\u{10ffff}',
];

/** The table of a store, read and written by plain SQL. */
export class StoredEntries {
  #cleared = false;

  constructor(
    private readonly sql: Pool,
    private readonly table: string,
    /** The prefix of the view under test; where there is one, strangers lie around it. */
    private readonly prefix: string,
  ) {}

  async clear(): Promise<void> {
    if (this.prefix && this.#cleared) await this.#checkStrangers();
    // At once, since what a test left behind may be clearing too.
    const client = await this.sql.connect();
    await client.query('BEGIN');
    await client.query(`TRUNCATE ${this.table}`);
    if (this.prefix) {
      await client.query(
        `INSERT INTO ${this.table} (id, value, owner) SELECT id, 'stranger', 'alice' FROM unnest($1::text[]) AS id`,
        [STRANGERS],
      );
    }
    await client.query('COMMIT');
    client.release();
    this.#cleared = true;
  }

  async expire(keys: string[]): Promise<void> {
    const { rowCount } = await this.sql.query(
      `UPDATE ${this.table} SET expires_at = now() - interval '1 second' WHERE id = ANY ($1)`,
      [keys.map((key) => this.prefix + key)],
    );
    if (rowCount !== keys.length) throw new Error(`${rowCount} of ${keys.length} keys were there`);
  }

  /** Lets time pass for every entry that expires. */
  async advance(ms: number): Promise<void> {
    await this.sql.query(
      `UPDATE ${this.table} SET expires_at = expires_at - $1 * interval '1 millisecond' WHERE expires_at IS NOT NULL`,
      [ms],
    );
  }

  async stored(key: string): Promise<StoredEntry | undefined> {
    const { rows } = await this.sql.query<StoredEntry>(
      `SELECT value, expires_at::text AS "expiresAt", to_jsonb(entry) ->> 'owner' AS owner,
         (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8 AS ttl
       FROM ${this.table} AS entry WHERE id = $1`,
      [this.prefix + key],
    );
    return rows[0];
  }

  async #checkStrangers(): Promise<void> {
    const { rows } = await this.sql.query<{ id: string }>(
      `SELECT id FROM ${this.table} WHERE value = 'stranger' AND owner = 'alice' AND expires_at IS NULL`,
    );
    const left = new Set(rows.map(({ id }) => id));
    const gone = STRANGERS.filter((id) => !left.has(id));
    if (gone.length > 0) throw new Error(`changed outside the view: ${JSON.stringify(gone)}`);
  }
}

/** Makes the table refuse to store some entries and to delete others, as its owner may. */
export async function refuseSomeEntries(sql: Pool, table: string): Promise<void> {
  await sql.query(`
    ALTER TABLE ${table} ADD CONSTRAINT refused_keys CHECK (strpos(id, 'refused') = 0);
    ALTER TABLE ${table} ADD CONSTRAINT refused_values CHECK (value <> 'refused');
    CREATE FUNCTION refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF strpos(OLD.id, 'undeletable') > 0 THEN RAISE EXCEPTION 'it stays'; END IF;
        RETURN OLD;
      END $$;
    CREATE TRIGGER undeletable_keys BEFORE DELETE ON ${table}
      FOR EACH ROW EXECUTE FUNCTION refuse_deletion();`);
}
