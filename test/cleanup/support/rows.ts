import type { Harness } from '../../support/harness.js';

/** Minutes between two rows: more than the store's index on expiry tells apart. */
const APART = 30;

/** Rows `gone1` … that expired one after the other, the last of them half an hour ago. */
export async function insertExpired(harness: Harness, table: string, count: number): Promise<void> {
  await harness.sql(
    `INSERT INTO ${table} (id, value, expires_at)
     SELECT 'gone' || n, 'x', now() - ($1 - n + 1) * interval '${APART} min'
     FROM generate_series(1, $1::int) AS n ORDER BY random()`,
    [count],
  );
}

/** One row that will expire, and one that never will. */
export async function insertLive(harness: Harness, table: string): Promise<void> {
  await harness.sql(
    `INSERT INTO ${table} (id, value, expires_at)
     VALUES ('live', 'x', now() + interval '1 h'), ('lasting', 'x', NULL)`,
  );
}

export async function idsOf(harness: Harness, table: string): Promise<string[]> {
  const rows = await harness.sql<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`);
  return rows.map(({ id }) => id);
}

/** Every further deletion from the table fails with this message. */
export async function forbidDeletes(harness: Harness, table: string, why: string): Promise<void> {
  await harness.sql(
    `CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION '${why}'; END $$;
     CREATE TRIGGER refuse BEFORE DELETE ON ${table} EXECUTE FUNCTION refuse_${table}()`,
  );
}

export async function allowDeletes(harness: Harness, table: string): Promise<void> {
  await harness.sql(`DROP TRIGGER refuse ON ${table}`);
}

export interface Deletion {
  /** The transaction: one per batch. */
  batch: string;
  expires_at: Date;
}

/** Keeps book of every deletion from the table, in order; the answer reads it. */
export async function recordDeletes(
  harness: Harness,
  table: string,
): Promise<() => Promise<Deletion[]>> {
  await harness.sql(
    `CREATE TABLE book_${table} (n serial, batch bigint, expires_at timestamptz);
     CREATE FUNCTION note_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO book_${table} (batch, expires_at) VALUES (txid_current(), OLD.expires_at);
       RETURN NULL;
     END $$;
     CREATE TRIGGER note AFTER DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION note_${table}()`,
  );
  return () => harness.sql<Deletion>(`SELECT batch, expires_at FROM book_${table} ORDER BY n`);
}
