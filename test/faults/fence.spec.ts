import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PostgresSessionStore } from '../../lib/index.js';
import type { StoreOptions } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { failureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { LogCapture } from '../support/log.js';
import { Program } from '../support/program.js';
import { report } from './support/report.js';
import { codeOf, settle, untilSuccess } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

jest.setTimeout(60_000);

const SCRIPT = new URL('./programs/script.mjs', import.meta.url);
const ROLE = 'fenced_app';
const TIMEOUT = 500;
/** Beyond a statement's own timeout, the time after which it is over for certain, and some for the machine. */
const MARGIN = 3_000;

/** Each takes from the role what the store ends a backend with; `restore` gives it back. */
const LIMITS = [
  {
    name: 'EXECUTE on pg_terminate_backend',
    revoke: 'REVOKE EXECUTE ON FUNCTION pg_terminate_backend FROM PUBLIC',
    restore: 'GRANT EXECUTE ON FUNCTION pg_terminate_backend TO PUBLIC',
  },
  {
    name: 'SELECT on pg_stat_activity',
    revoke: 'REVOKE SELECT ON pg_stat_activity FROM PUBLIC',
    restore: 'GRANT SELECT ON pg_stat_activity TO PUBLIC',
  },
  {
    name: 'its own name (ALTER ROLE … SET role)',
    revoke: `ALTER ROLE ${ROLE} SET role = fenced_group`,
    restore: `ALTER ROLE ${ROLE} RESET role`,
  },
];

describe('A write that was given up', () => {
  const harness = Harness.useServer();
  let proxy: TcpProxy;
  let tableName: string;

  beforeEach(async () => {
    proxy = await TcpProxy.before(harness);
    tableName = harness.table();
  });

  async function startStore(
    options: StoreOptions,
    logger?: LogCapture,
  ): Promise<PostgresSessionStore> {
    const connection = proxy.url(harness.url);
    const settings = { connection, tableName, retryWrites: false, ...options };
    const { store } = await harness.startStore(settings, logger);
    return store;
  }

  /** The value "late" is written so many seconds after the server was asked to. */
  async function delayLate(seconds: number): Promise<void> {
    await harness.sql(`
      CREATE FUNCTION ${tableName}_late() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.value = 'late'::bytea THEN PERFORM pg_sleep(${seconds}); END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER late BEFORE INSERT ON ${tableName}
        FOR EACH ROW EXECUTE FUNCTION ${tableName}_late()`);
  }

  async function lateIsRunning(): Promise<boolean> {
    const rows = await harness.sql(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`);
    return rows.length > 0;
  }

  /** Writes "late", and cuts its connection while the server is at it. */
  async function loseLateWrite(store: PostgresSessionStore): Promise<void> {
    const late = settle(() => store.set('k', 'late'));
    await waitFor(lateIsRunning, { what: 'the late write' });
    proxy.cut();
    expect(codeOf(await late)).toBe('ERR_OUTCOME_UNKNOWN');
  }

  async function createRole(): Promise<string> {
    await harness.sql(`
      CREATE ROLE fenced_group;
      CREATE ROLE ${ROLE} LOGIN PASSWORD 'secret' IN ROLE fenced_group;
      GRANT ALL ON SCHEMA public TO ${ROLE}, fenced_group`);
    harness.onEnd(() =>
      harness.sql(
        `DROP OWNED BY ${ROLE}, fenced_group CASCADE; DROP ROLE ${ROLE}; DROP ROLE fenced_group`,
      ),
    );
    const url = new URL(proxy.url(harness.url));
    url.username = ROLE;
    url.password = 'secret';
    return url.href;
  }

  async function change({ revoke, restore }: (typeof LIMITS)[number]): Promise<void> {
    await harness.sql(revoke);
    harness.onEnd(() => harness.sql(restore));
  }

  it('never takes effect after a later one that was acknowledged', async () => {
    const store = await startStore({});
    await delayLate(2);
    await loseLateWrite(store);
    await store.set('k', 'new');
    await waitFor(async () => !(await lateIsRunning()), { what: 'the end of the late write' });
    const [row] = await harness.sql<{ value: Buffer }>(`SELECT value FROM ${tableName}`);
    expect(row.value.toString()).toBe('new');
  });

  it.each(LIMITS)(
    'keeps its key for as long as it may run, and says so once, if the role lacks $name',
    async (limit) => {
      const logger = new LogCapture();
      const connection = await createRole();
      await change(limit);
      const store = await startStore({ connection, operationTimeout: TIMEOUT }, logger);
      await delayLate(30);
      for (const value of ['new', 'newer']) {
        await loseLateWrite(store);
        const freed = await untilSuccess('a write on its key', () => store.set('k', value));
        report(`without ${limit.name}: the key is free after ${freed.toFixed(0)} ms`);
        expect(await lateIsRunning()).toBe(false);
        expect(freed).toBeLessThan(TIMEOUT + MARGIN);
        expect((await store.get('k'))?.toString()).toBe(value);
      }
      expect(logger.complaints).toEqual([expect.stringContaining('cannot be ended')]);
    },
  );

  it('keeps a script that awaits its key until that settles', async () => {
    const connection = await createRole();
    await change(LIMITS[0]);
    await (await harness.startStore({ connection, tableName })).close();
    await delayLate(30);
    const options = { connection, tableName, cleanup: false, retryWrites: false };
    const script = Program.start(harness, SCRIPT, [
      JSON.stringify({ ...options, operationTimeout: 3_000 }),
    ]);
    await waitFor(lateIsRunning, { timeout: 30_000, what: 'the late write' });
    proxy.cut();
    const { code } = await script.ended;
    // The late write is told at once; the other one waits for the fence, for longer than it has time.
    expect({ code, said: script.messages, output: script.output }).toEqual({
      code: 0,
      said: [{ type: 'settled', codes: ['ERR_OUTCOME_UNKNOWN', 'ERR_TIMEOUT'] }],
      output: expect.stringContaining('cannot be ended'),
    });
  });

  it.each([
    {
      name: 'set',
      call: (store: PostgresSessionStore, signal: AbortSignal) =>
        store.set('k', 'aborted', { signal }),
    },
    {
      name: 'deletePrefix',
      call: (store: PostgresSessionStore, signal: AbortSignal) =>
        store.deletePrefix('k', { signal }),
    },
  ])('frees its keys if its caller had aborted it: $name', async ({ call }) => {
    const store = await startStore({ operationTimeout: TIMEOUT });
    await store.set('k', 'old');
    proxy.forget();
    const controller = new AbortController();
    const aborted = failureOf(call(store, controller.signal));
    await nextTurn();
    controller.abort(new Error('the caller left'));
    expect(await aborted).toEqual(new Error('the caller left'));
    const freed = await untilSuccess('a write on its key', () => store.set('k', 'new'));
    expect(freed).toBeLessThan(TIMEOUT + MARGIN);
    expect((await store.get('k'))?.toString()).toBe('new');
  });
});
