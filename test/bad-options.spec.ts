import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Pool } from 'pg';
import { PostgresSessionError, PostgresSessionModule } from '../lib/index.js';
import { anything, rejectionOf } from './conformance/helpers.js';
import { countWire, type WireCounter } from './conformance/wire-counter.js';

type Options = Parameters<typeof PostgresSessionModule.forRoot>[0];

const PASSWORD = 'correct-horse-battery';

describe('a bad option', () => {
  let silent: WireCounter;
  let connectionsBefore: number;

  beforeAll(async () => {
    silent = await countWire('postgresql://unused', { forward: false });
  });
  beforeEach(() => {
    connectionsBefore = silent.connections();
  });
  afterEach(() => expect(silent.connections()).toBe(connectionsBefore));
  afterAll(() => silent.close());

  const connection = (): string => {
    const url = new URL(silent.connectionString);
    return `postgresql://app:${PASSWORD}@${url.host}/sessions`;
  };

  const badNames: [unknown, RegExp][] = [
    ['drop; --', /drop; --/],
    ['"quoted"', /quoted/],
    ["it's", /it's/],
    ['', /""/],
    ['1st', /1st/],
    ['with space', /with space/],
    ['with-dash', /with-dash/],
    ['a.b', /a\.b/],
    ['täble', /täble/],
    ['line\n', /line/],
    ['n'.repeat(64), /nnnn/],
    [7, /7/],
  ];
  const numbers = (least: number): [unknown, RegExp][] => [
    [least - 1, new RegExp(String(least - 1))],
    [1.5, /1\.5/],
    [Number.NaN, /NaN/],
    [Number.POSITIVE_INFINITY, /Infinity/],
    ['10', /10/],
  ];
  const rows: [name: string, values: [unknown, RegExp][]][] = [
    ['tableName', [...badNames, [`t${'n'.repeat(60)}`, /tnnn/]]],
    ['schema', badNames],
    ['cleanup.batchSize', [...numbers(1), [-1_000, /-1000/]]],
    ['cleanup.cron', [['every now and then', /every now and then/], ['* * *', /\* \* \*/], ['99 * * * *', /99/], ['', /""/]]],
    ['cleanup.timeZone', [['Mars/Olympus', /Mars/]]],
    ['cleanup.signal', [['stop', /stop/]]],
    ['cleanup', [[true, /true/], ['daily', /daily/]]],
    ['skipSchemaInit', [['yes', /yes/]]],
    ['schemaLockTimeout', numbers(1)],
    ['phaseHook', [['log', /log/]]],
    ['retryAttempts', numbers(0)],
    ['retryDelay', numbers(0)],
    ['shutdownTimeout', numbers(0)],
    ['operationTimeout', numbers(1)],
    ['preparedStatements', [['no', /no/]]],
    ['batching', [[true, /true/]]],
    ['batching.concurrency', numbers(1)],
    ['batching.maxRows', numbers(1)],
    ['batching.maxBytes', numbers(1)],
    ['batching.maxQueue', numbers(1)],
    ['pool', [['a pool', /pool/]]],
    ['connection', [['', /connection/], [7, /connection/]]],
  ]; // prettier-ignore
  const cases = rows.flatMap(([name, values]) =>
    values.map(([value, shown]) => ({ name, value, shown, title: `${name}: ${inspect(value)}` })),
  );

  /** Options with one of them, perhaps a nested one, set. */
  function withOption(path: string, value: unknown): Options {
    const [name, nested] = path.split('.');
    const needed = { connection: connection(), retryAttempts: 0 };
    const options = name === 'pool' || name === 'connection' ? {} : needed;
    return anything({ ...options, [name]: nested ? { [nested]: value } : value });
  }

  it.each(cases)('$title', async ({ name, value, shown }) => {
    const error = await rejectionOf(bootStore(withOption(name, value)));
    expect(error).toBeInstanceOf(PostgresSessionError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expect(error.message).toContain(name);
    expect(error.message).toMatch(shown);
    expect(error.message).not.toContain(PASSWORD);
  });

  it('that nobody knows is named', async () => {
    const error = await rejectionOf(bootStore(withOption('tabelName', 't')));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expect(error.message).toContain('tabelName');
  });

  it('is refused when it comes from a factory', async () => {
    const imports = [
      ScheduleModule.forRoot(),
      PostgresSessionModule.forRootAsync({ useFactory: () => withOption('tableName', 'drop; --') }),
    ];
    const error = await rejectionOf(boot(imports));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expect(error.message).toContain('drop; --');
  });

  it('is a pool or a connection too few, or too many', async () => {
    const neither = await rejectionOf(bootStore({}));
    expect(neither.message).toMatch(/neither.*pool.*connection/i);
    const pool = new Pool({ connectionString: connection() });
    const both = await rejectionOf(bootStore({ pool, connection: connection() }));
    expect(both.message).toMatch(/both.*pool.*connection/i);
    await pool.end();
    for (const error of [neither, both]) {
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
      expect(error.message).not.toContain(PASSWORD);
    }
  });

  it.each([undefined, 'second'])('is a store name used twice: %s', async (name) => {
    const store = (tableName: string) =>
      PostgresSessionModule.forRoot({ connection: connection(), name, tableName });
    const error = await rejectionOf(boot([ScheduleModule.forRoot(), store('one'), store('two')]));
    expect(error).toMatchObject({ code: 'ERR_DUPLICATE_NAME' });
    expect(error.message).toContain(name ?? 'unnamed');
  });

  it('is cleanup without a scheduler, and both ways out are named', async () => {
    const imports = [PostgresSessionModule.forRoot({ connection: connection(), retryAttempts: 0 })];
    const error = await rejectionOf(boot(imports));
    expect(error).toMatchObject({ code: 'ERR_SCHEDULER_MISSING' });
    expect(error.message).toContain('ScheduleModule.forRoot()');
    expect(error.message).toMatch(/cleanup: false/);
  });

  async function bootStore(options: Options): Promise<unknown> {
    return boot([ScheduleModule.forRoot(), PostgresSessionModule.forRoot(options)]);
  }

  /** An application that does not start, and does not say so in the log of the tests. */
  function boot(imports: ReturnType<typeof PostgresSessionModule.forRoot>[]): Promise<unknown> {
    class BadModule {}
    return NestFactory.createApplicationContext(
      { module: BadModule, imports },
      { logger: false, abortOnError: false },
    );
  }
});
