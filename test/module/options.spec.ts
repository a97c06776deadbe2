import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import { Pool } from 'pg';
import { type PostgresSessionError, PostgresSessionModule } from '../../lib/index.js';
import { anything } from '../conformance/helpers.js';
import { countWire, type WireCounter } from '../conformance/wire-counter.js';
import { startApp, startStore, type StoreOptions } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { BAD_OPTIONS, ofWrongKind } from './support/bad-options.js';

const PASSWORD = 'correct-horse-battery';

describe('A bad option of the module', () => {
  let silent: WireCounter;
  let connectionsBefore: number;

  beforeAll(async () => {
    silent = await countWire('postgresql://unused', { forward: false });
  });
  beforeEach(() => {
    connectionsBefore = silent.connections();
  });
  // It is refused before a connection is made.
  afterEach(() => expect(silent.connections()).toBe(connectionsBefore));
  afterAll(() => silent.close());

  const connection = (): string => {
    const url = new URL(silent.connectionString);
    return `postgresql://app:${PASSWORD}@${url.host}/sessions`;
  };

  /** Options with one of them, perhaps a nested one, set. */
  function withOption(path: string, value: unknown): StoreOptions {
    const [name, nested] = path.split('.');
    const needed = { connection: connection(), retryAttempts: 0 };
    const options = name === 'pool' || name === 'connection' ? {} : needed;
    return anything({ ...options, [name]: nested ? { [nested]: value } : value });
  }

  async function refusalOf(start: Promise<unknown>): Promise<PostgresSessionError> {
    const error = await ownFailureOf(start);
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).not.toContain(PASSWORD);
    return error;
  }

  const cases = BAD_OPTIONS.flatMap(({ name, allowed, values }) =>
    values.map(([value, shown]) => ({ name, allowed, value, shown, given: inspect(value) })),
  );

  it.each(cases)(
    'is refused by its name, its value and what is allowed: $name: $given',
    async ({ name, allowed, value, shown }) => {
      const { message } = await refusalOf(startStore(withOption(name, value)));
      expect(message).toContain(name);
      expect(message).toMatch(shown);
      expect(message).toMatch(allowed);
    },
  );

  const names = [...new Set(BAD_OPTIONS.map(({ name }) => name))];

  it.each(names)('is refused whatever its kind: %s', async (name) => {
    for (const value of ofWrongKind(name)) {
      await refusalOf(startStore(withOption(name, value)));
    }
  });

  it.each([
    ['tabelName', /tableName/],
    ['cleanup.crom', /cleanup\.cron/],
  ])('is refused if nobody knows it, by those that are known: %s', async (name, known) => {
    const { message } = await refusalOf(startStore(withOption(name, 'x')));
    expect(message).toContain(name);
    expect(message).toMatch(known);
  });

  it('is refused if a factory answers it', async () => {
    const options = withOption('tableName', 'drop; --');
    const session = PostgresSessionModule.forRootAsync({ useFactory: () => options });
    const { message } = await refusalOf(startApp({ imports: [ScheduleModule.forRoot(), session] }));
    expect(message).toContain('drop; --');
  });

  it.each(['', 7])('is refused as the name of a store: %p', async (name) => {
    const register = async () =>
      PostgresSessionModule.forRoot({ connection: connection(), name: anything(name) });
    expect((await refusalOf(register())).message).toContain('`name`');
  });

  it('is refused if it is neither a pool nor a connection, or both', async () => {
    const neither = await refusalOf(startStore({}));
    expect(neither.message).toMatch(/neither.*pool.*connection/i);
    const pool = new Pool({ connectionString: connection() });
    const both = await refusalOf(startStore({ pool, connection: connection() }));
    expect(both.message).toMatch(/both.*pool.*connection/i);
    await pool.end();
  });

  it('makes no connection if two stores have one name', async () => {
    const store = () => PostgresSessionModule.forRoot({ connection: connection() });
    const starting = startApp({ imports: [ScheduleModule.forRoot(), store(), store()] });
    expect((await ownFailureOf(starting)).code).toBe('ERR_DUPLICATE_NAME');
  });

  it('makes no connection if cleanup has no scheduler', async () => {
    const store = PostgresSessionModule.forRoot({ connection: connection(), retryAttempts: 0 });
    expect((await ownFailureOf(startApp({ imports: [store] }))).code).toBe('ERR_SCHEDULER_MISSING');
  });
});
