import { describe, expect, it } from '@jest/globals';
import { exists } from '../support/catalog.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import {
  advisoryLockAwaited,
  backendOf,
  blockedBy,
  holdAdvisoryLock,
  schemaLockKey,
} from '../support/locks.js';

/** Far more than a boot takes, and far less than its wait for a lock may last. */
const AT_ONCE = 5_000;
const LONG_LOCK_TIMEOUT = 20_000;

async function elapsed(action: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action;
  return performance.now() - start;
}

describe('a boot on a table in use', () => {
  const harness = Harness.use();

  async function existingTable(): Promise<string> {
    const tableName = harness.table();
    const { store, close } = await harness.startStore({ tableName });
    await store.set('key', 'value');
    await close();
    return tableName;
  }

  const holds: Array<[what: string, statement: (table: string) => string]> = [
    ['row locks', (table) => `SELECT * FROM ${table} FOR UPDATE`],
    ['an update', (table) => `UPDATE ${table} SET value = 'other'`],
    ['an insert', (table) => `INSERT INTO ${table} (id, value) VALUES ('new', 'x')`],
    ['what writers hold', (table) => `LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`],
  ];

  it.each(holds)('succeeds at once while a transaction holds %s', async (_, statement) => {
    const tableName = await existingTable();
    const holder = await harness.connect();
    await holder.query('BEGIN');
    await holder.query(statement(tableName));
    const booting = harness.startStore({ tableName, schemaLockTimeout: LONG_LOCK_TIMEOUT });
    expect(await elapsed(booting)).toBeLessThan(AT_ONCE);
    await holder.query('ROLLBACK');
  });

  it('succeeds at once while somebody holds the advisory lock', async () => {
    const tableName = await existingTable();
    await holdAdvisoryLock(harness, schemaLockKey(tableName));
    const phases: string[] = [];
    const booting = harness.startStore({
      tableName,
      schemaLockTimeout: LONG_LOCK_TIMEOUT,
      phaseHook: (phase) => phases.push(phase),
    });
    expect(await elapsed(booting)).toBeLessThan(AT_ONCE);
    expect(phases.at(-1)).toBe('ensure_schema:done');
  });

  it('bounds every other wait too, and says in which phase it was and who made it wait', async () => {
    const tableName = harness.table();
    await harness.sql(
      `CREATE TABLE ${tableName} (id text PRIMARY KEY, value bytea NOT NULL, expires_at timestamptz)`,
    );
    const holder = await harness.connect();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${tableName} IN ROW EXCLUSIVE MODE`);
    const booting = harness.startStore({ tableName, schemaLockTimeout: 1_000 });
    const failed = ownFailureOf(booting);
    await blockedBy(harness, holder);
    const error = await failed;
    expect(error).toMatchObject({
      code: 'ERR_SCHEMA_INIT',
      phase: 'ensure_schema:create_index',
      cause: expect.objectContaining({ code: '55P03' }),
    });
    expect(error.message).toContain(`Held by pid ${await backendOf(holder)} (user "`);
  });
});

describe('a boot while another one holds the lock', () => {
  const harness = Harness.use();

  it('goes on as soon as the lock is free', async () => {
    const tableName = harness.table();
    const holder = await holdAdvisoryLock(harness, schemaLockKey(tableName));
    const booting = harness.startStore({ tableName, schemaLockTimeout: LONG_LOCK_TIMEOUT });
    await advisoryLockAwaited(harness, schemaLockKey(tableName));
    await holder.query('SELECT pg_advisory_unlock_all()');
    await booting;
    expect(await exists(harness, tableName)).toBe(true);
  });

  it('fails after schemaLockTimeout, and tells the phase', async () => {
    const tableName = harness.table();
    const holder = await holdAdvisoryLock(harness, schemaLockKey(tableName));
    await holder.query("SET application_name = 'the lock holder'");
    const start = performance.now();
    const error = await ownFailureOf(harness.startStore({ tableName, schemaLockTimeout: 400 }));
    const ms = performance.now() - start;
    expect(error).toMatchObject({
      code: 'ERR_SCHEMA_INIT',
      phase: 'ensure_schema:acquire_lock',
      cause: expect.objectContaining({ code: '55P03' }),
    });
    expect(error.message).toContain('ensure schema: acquire advisory lock: ');
    expect(error.message).toContain(`Held by pid ${await backendOf(holder)} (user "`);
    expect(error.message).toContain('application "the lock holder"');
    expect(ms).toBeGreaterThan(380);
    expect(ms).toBeLessThan(400 + AT_ONCE);
    expect(await exists(harness, tableName)).toBe(false);
  });

  it('waits three seconds by default', async () => {
    const tableName = harness.table();
    await holdAdvisoryLock(harness, schemaLockKey(tableName));
    const ms = await elapsed(ownFailureOf(harness.startStore({ tableName })));
    expect(ms).toBeGreaterThan(2_900);
    expect(ms).toBeLessThan(3_000 + AT_ONCE);
  });

  const spellings: Array<[what: string, of: (table: string) => string]> = [
    ['spelled as this one', (table) => table.toUpperCase()],
    ['spelled in lower case', (table) => table],
  ];

  it.each(spellings)('waits for one whose table is %s', async (_, spelling) => {
    const table = harness.table();
    const holder = await holdAdvisoryLock(harness, schemaLockKey(spelling(table)));
    const booting = harness.startStore({ tableName: table.toUpperCase() });
    await advisoryLockAwaited(harness, schemaLockKey(spelling(table)));
    await holder.query('SELECT pg_advisory_unlock_all()');
    await booting;
  });

  it('is not held up by the boot on another table', async () => {
    await holdAdvisoryLock(harness, schemaLockKey(harness.table()));
    const booting = harness.startStore({ tableName: harness.table() });
    expect(await elapsed(booting)).toBeLessThan(AT_ONCE);
  });

  it('leaves a borrowed pool as it was, whether it fails or succeeds', async () => {
    const tableName = harness.table();
    const pool = harness.pool({ max: 1 });
    const holder = await holdAdvisoryLock(harness, schemaLockKey(tableName));
    await ownFailureOf(harness.startStore({ pool, tableName, schemaLockTimeout: 100 }));
    expect(pool.listenerCount('error')).toBe(0);
    await holder.query('SELECT pg_advisory_unlock_all()');
    await harness.startStore({ pool, tableName });
    const { rows } = await pool.query<{ lock_timeout: string }>('SHOW lock_timeout');
    expect(rows).toEqual([{ lock_timeout: '0' }]);
    const { rows: locks } = await pool.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`,
    );
    expect(locks).toEqual([]);
  });
});
