import { Pool } from 'pg';
import { createTestDatabase } from '../support/database.js';
import { startStore, type StoreOptions } from '../support/app.js';
import { HeldRows } from './held-rows.js';
import { refuseSomeEntries, StoredEntries } from './stored-entries.js';
import type { Subject, SubjectFactory } from './subject.js';

export interface PostgresSubjectOptions {
  /** Further options of the store. */
  options?: Omit<Parameters<typeof startStore>[0], 'connection' | 'pool'>;
  /** Tests a view of this prefix rather than the store, and that nothing outside it changes. */
  namespace?: string;
  /** What the store connects by, given a connection string. Default: that string. A pool is ended with the subject. */
  target?: (connectionString: string) => Pick<StoreOptions, 'connection' | 'pool'>;
  /** Prepares the schema before the store boots. */
  prepare?: (sql: Pool) => Promise<void>;
}

/** A factory of subjects on real PostgreSQL, each in a schema of its own. */
export function postgresSubject(options: PostgresSubjectOptions = {}): SubjectFactory {
  return () => createSubject(options);
}

async function createSubject({
  options = {},
  namespace,
  prepare,
  target = (connection) => ({ connection }),
}: PostgresSubjectOptions): Promise<Subject> {
  const database = await createTestDatabase();
  const sql = new Pool({ connectionString: database.connectionString, max: 3 });
  await prepare?.(sql);

  const goal = target(database.connectionString);
  const settings = { ...goal, cleanup: false as const, ...options };
  const [first, second] = [await startStore(settings), await startStore(settings)];
  const table = options.tableName ?? 'celeris_sessions';
  await refuseSomeEntries(sql, table);

  const prefix = namespace ?? '';
  const entries = new StoredEntries(sql, table, prefix);
  const heldRows = new HeldRows(sql, table);
  const viewOf = (store: (typeof first)['store']) =>
    namespace === undefined ? store : store.namespace(namespace);

  const clear = async (): Promise<void> => {
    await heldRows.releaseAll();
    await entries.clear();
  };

  return {
    store: viewOf(first.store),
    rival: viewOf(second.store),
    clear,
    advance: (ms) => entries.advance(ms),
    expire: (...keys) => entries.expire(keys),
    stored: (key) => entries.stored(key),
    hold: (key, value) => heldRows.hold(prefix + key, value),
    close: async () => {
      await clear();
      await first.close();
      await second.close();
      await goal.pool?.end();
      await sql.end();
      await database.close();
    },
  };
}
