import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { PostgresSessionModuleOptions } from '../../lib/index.js';
import { describePostgresStore } from '../conformance/postgres-store.suite.js';
import { HeldRows } from '../conformance/held-rows.js';
import { refuseSomeEntries, StoredEntries } from '../conformance/stored-entries.js';
import type { SubjectFactory } from '../conformance/subject.js';
import { Harness } from '../support/harness.js';
import { startPostgres } from '../support/postgres-server.js';
import { describeWithTools } from '../support/tools.js';
import { startStore } from '../support/app.js';
import { PgBouncer, type PoolMode } from './support/pgbouncer.js';
import { full, report } from './support/report.js';
import { codeOf, settle } from './support/settle.js';

describeWithTools('Behind PgBouncer', ['pgbouncer'], ({ pgbouncer }) => {
  const setups: Array<[PoolMode, PostgresSessionModuleOptions]> = [
    ['transaction', { preparedStatements: false }],
    ['session', { preparedStatements: true }],
  ];
  if (full) setups.push(['transaction', { preparedStatements: false, batching: false }]);

  for (const [mode, options] of setups) {
    describePostgresStore(
      `a store behind PgBouncer in ${mode} mode with ${JSON.stringify(options)}`,
      behind(pgbouncer, mode, options),
    );
  }

  describe('in transaction mode with named statements', () => {
    const harness = Harness.useServer();

    it('tells which option to set', async () => {
      const bouncer = await PgBouncer.start(pgbouncer, harness.server, 'transaction');
      harness.onEnd(() => bouncer.stop());
      const { store } = await harness.startStore({ connection: bouncer.connectionString });
      const calls = await Promise.all(
        Array.from({ length: 400 }, (_, n) =>
          settle<unknown>(() => (n % 2 ? store.get(`k${n}`) : store.increment(`n${n}`))),
        ),
      );
      const codes = new Set(calls.map(codeOf));
      report(`PgBouncer in transaction mode with named statements: ${[...codes].join(', ')}`);
      expect(codes).toContain('ERR_PREPARED_STATEMENTS');
      expect([...codes].filter((code) => code !== 'ok')).toEqual(['ERR_PREPARED_STATEMENTS']);
      const told = calls.find((call) => codeOf(call) === 'ERR_PREPARED_STATEMENTS');
      expect(String(told?.error)).toContain('preparedStatements: false');
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
