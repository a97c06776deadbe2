import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { PostgresSessionModuleOptions } from '../../lib/index.js';
import { describePostgresStore } from '../conformance/postgres-store.suite.js';
import { HeldRows } from '../conformance/held-rows.js';
import { refuseSomeEntries, StoredEntries } from '../conformance/stored-entries.js';
import type { SubjectFactory } from '../conformance/subject.js';
import { Harness } from '../support/harness.js';
import { startPostgres } from '../support/postgres-server.js';
import { ownFailureOf } from '../support/failures.js';
import { waitFor } from '../support/conditions.js';
import { describeWithTools } from '../support/tools.js';
import { startStore } from '../support/app.js';
import { PgBouncer, type PoolMode } from './support/pgbouncer.js';
import { full } from './support/report.js';

describeWithTools('Behind PgBouncer', ['pgbouncer'], ({ pgbouncer }) => {
  const setups: Array<[PoolMode, PostgresSessionModuleOptions]> = [
    ['transaction', { pooler: 'transaction' }],
    ['session', {}],
  ];
  if (full) setups.push(['transaction', { pooler: 'transaction', batching: false }]);

  for (const [mode, options] of setups) {
    describePostgresStore(
      `a store behind PgBouncer in ${mode} mode with ${JSON.stringify(options)}`,
      behind(pgbouncer, mode, options),
    );
  }

  describe('that does not do what the store needs', () => {
    const harness = Harness.useServer({ settings: { log_statement: 'all' } });
    /** What waiting cannot mend must not have waited: one retry would last longer than the test. */
    const ENDLESS = { retryAttempts: 1_000, retryDelay: 60_000, operationTimeout: 120_000 };

    async function bouncerIn(mode: PoolMode): Promise<string> {
      const bouncer = await PgBouncer.start(pgbouncer, harness.server, mode);
      harness.onEnd(() => bouncer.stop());
      return bouncer.connectionString;
    }

    it('a start in transaction mode with named statements says which option to set', async () => {
      const connection = await bouncerIn('transaction');
      const error = await ownFailureOf(harness.startStore({ ...ENDLESS, connection }));
      expect(error.code).toBe('ERR_PREPARED_STATEMENTS');
      expect(error.message).toContain("pooler: 'transaction'");
      expect(error.message).toContain('preparedStatements: false');
    });

    it('a start in statement mode says which mode is needed', async () => {
      const connection = await bouncerIn('statement');
      const error = await ownFailureOf(harness.startStore({ ...ENDLESS, connection }));
      expect(error.code).toBe('ERR_CONNECT');
      expect(error.message).toContain('`transaction` or `session`');
    });

    it.each([
      ['options', '-c search_path=public'],
      ['statement_timeout', '1000'],
    ])(
      'a start with a startup parameter that it refuses fails at once: %s',
      async (name, value) => {
        const url = new URL(await bouncerIn('transaction'));
        url.searchParams.set(name, value);
        const connection = url.href.replaceAll('+', '%20');
        const error = await ownFailureOf(harness.startStore({ ...ENDLESS, connection }));
        expect(error.code).toBe('ERR_CONNECT');
        expect(error.message).toContain('ignore_startup_parameters');
      },
    );

    it("with pooler: 'transaction' nothing of the session is used, and no backend is ended", async () => {
      const connection = await bouncerIn('transaction');
      const options = { connection, pooler: 'transaction' as const, cleanup: { batchSize: 1 } };
      const before = (await harness.server.log()).length;
      const { store, cleanup } = await harness.startStore(options);
      await store.setMany([
        ['a', '1'],
        ['b', '2'],
      ]);
      await Promise.all([
        store.get('a'),
        store.increment('n'),
        store.touch('a', 1),
        store.get('b'),
      ]);
      await waitFor(async () => (await store.get('a')) === undefined, { what: 'an expired entry' });
      expect(await cleanup.sweep()).toMatchObject({ deleted: 1, skipped: false });
      const sent = (await harness.server.log()).slice(before).split('\n');
      expect(sent.filter((line) => line.includes('set_config')).length).toBeGreaterThan(0);
      const ofSession =
        /statement: SET (?!LOCAL)|pg_(try_)?advisory_lock\(|terminate|execute postgres_session/;
      expect(sent.filter((line) => ofSession.test(line))).toEqual([]);
    });
  });
});

/** The subject of the conformance suite: the stores by way of PgBouncer, the checks past it. */
function behind(
  binary: string,
  mode: PoolMode,
  options: PostgresSessionModuleOptions,
): SubjectFactory {
  return async () => {
    const server = await startPostgres();
    const bouncer = await PgBouncer.start(binary, server, mode);
    const table = 'bounced_sessions';
    const settings = { ...options, connection: bouncer.connectionString, tableName: table };
    const [first, second] = [await startStore(settings), await startStore(settings)];
    const sql = new pg.Pool({ connectionString: server.connectionString, max: 3 });
    await refuseSomeEntries(sql, table);
    const entries = new StoredEntries(sql, table, '');
    const heldRows = new HeldRows(sql, table);
    return {
      store: first.store,
      rival: second.store,
      clear: async () => {
        await heldRows.releaseAll();
        await entries.clear();
      },
      advance: (ms) => entries.advance(ms),
      expire: (...keys) => entries.expire(keys),
      stored: (key) => entries.stored(key),
      hold: (key, value) => heldRows.hold(key, value),
      close: async () => {
        await heldRows.releaseAll();
        await first.close();
        await second.close();
        await sql.end();
        await bouncer.stop();
        await server.remove();
      },
    };
  };
}
