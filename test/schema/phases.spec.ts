import { describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/conditions.js';
import { exists } from '../support/catalog.js';
import { Harness } from '../support/harness.js';
import { advisoryLockAwaited, holdAdvisoryLock, schemaLockKey } from '../support/locks.js';

const ON_EXISTING_TABLE = [
  'ensure_schema:begin_tx',
  'ensure_schema:set_lock_timeout',
  'ensure_schema:acquire_lock',
  'ensure_schema:lock_acquired',
  'ensure_schema:check_table',
  'ensure_schema:check_index',
  'ensure_schema:commit',
  'ensure_schema:done',
];
const ON_EMPTY_DATABASE = ON_EXISTING_TABLE.flatMap((phase) => {
  if (phase === 'ensure_schema:check_table') return [phase, 'ensure_schema:create_table'];
  if (phase === 'ensure_schema:check_index') return [phase, 'ensure_schema:create_index'];
  return [phase];
});

describe('phaseHook', () => {
  const harness = Harness.use();

  async function phasesOf(tableName: string, skipSchemaInit = false): Promise<string[]> {
    const phases: string[] = [];
    const { close } = await harness.startStore({
      tableName,
      skipSchemaInit,
      phaseHook: (phase) => phases.push(phase),
    });
    await close();
    return phases;
  }

  it('hears every phase in order where the table is made', async () => {
    expect(await phasesOf(harness.table())).toEqual(ON_EMPTY_DATABASE);
  });

  it('hears of no creation on a table that exists', async () => {
    const table = harness.table();
    await phasesOf(table);
    expect(await phasesOf(table)).toEqual(ON_EXISTING_TABLE);
  });

  it('hears of the index alone where only that is made', async () => {
    const table = harness.table();
    await harness.sql(
      `CREATE TABLE ${table} (id text PRIMARY KEY, value bytea NOT NULL, expires_at timestamptz)`,
    );
    const expected = ON_EMPTY_DATABASE.filter((phase) => phase !== 'ensure_schema:create_table');
    expect(await phasesOf(table)).toEqual(expected);
    expect(await exists(harness, `${table}_expires_at`)).toBe(true);
  });

  it('hears nothing where schema init is skipped', async () => {
    const table = harness.table();
    await phasesOf(table);
    expect(await phasesOf(table, true)).toEqual([]);
  });

  it('hears of the lock before the wait, and of its end after it', async () => {
    const tableName = harness.table();
    const holder = await holdAdvisoryLock(harness, schemaLockKey(tableName));
    const phases: string[] = [];
    const booting = harness.startStore({ tableName, phaseHook: (phase) => phases.push(phase) });
    await advisoryLockAwaited(harness, schemaLockKey(tableName));
    expect(phases).toEqual(ON_EXISTING_TABLE.slice(0, 3));
    await holder.query('SELECT pg_advisory_unlock_all()');
    await booting;
    expect(phases).toEqual(ON_EMPTY_DATABASE);
  });

  it('breaks nothing when it throws', async () => {
    const tableName = harness.table();
    const phases: string[] = [];
    const { store } = await harness.startStore({
      tableName,
      phaseHook: (phase) => {
        phases.push(phase);
        throw new Error('a fault of the hook');
      },
    });
    expect(phases).toEqual(ON_EMPTY_DATABASE);
    await store.set('key', 'value');
    expect(await store.get('key')).toEqual(Buffer.from('value'));
  });

  it('breaks nothing when it is asynchronous and rejects', async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listener);
    harness.onEnd(() => process.off('unhandledRejection', listener));
    let calls = 0;
    const hook = (): unknown => {
      calls += 1;
      return Promise.reject(new Error('a fault of the hook'));
    };
    await harness.startStore({ tableName: harness.table(), phaseHook: hook });
    await waitFor(() => calls === ON_EMPTY_DATABASE.length);
    expect(unhandled).toEqual([]);
  });
});
