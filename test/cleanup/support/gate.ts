import { waitFor } from '../../support/conditions.js';
import type { Harness } from '../../support/harness.js';
import { holdAdvisoryLock } from '../../support/locks.js';

export interface Gate {
  /** Resolves to the backend that stands before the gate, as soon as one does. */
  reached(): Promise<number>;
  open(): Promise<void>;
}

/**
 * Stops whoever deletes this row, until it is opened. A row lock would not do: the sweep gives way to
 * those after a moment.
 */
export async function gateAt(harness: Harness, table: string, id: string): Promise<Gate> {
  const [{ key }] = await harness.sql<{ key: number }>('SELECT hashtext($1) AS key', [table]);
  const keeper = await holdAdvisoryLock(harness, String(key));
  await harness.sql(
    `CREATE FUNCTION gate_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       WHILE NOT pg_try_advisory_xact_lock(${key}) LOOP PERFORM pg_sleep(0.005); END LOOP;
       RETURN OLD;
     END $$;
     CREATE TRIGGER gate BEFORE DELETE ON ${table} FOR EACH ROW WHEN (OLD.id = '${id}')
       EXECUTE FUNCTION gate_${table}()`,
  );
  return {
    reached: () =>
      waitFor(
        async () => {
          const [row] = await harness.sql<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE $1`,
            [`%${table}%`],
          );
          return row?.pid;
        },
        { what: 'a sweep before the gate' },
      ),
    open: async () => {
      await keeper.query('SELECT pg_advisory_unlock_all()');
    },
  };
}
