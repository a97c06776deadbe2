import { describe, expect, it } from '@jest/globals';
import { PostgresSessionModule, type PostgresSessionModuleOptions } from '../../lib/index.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

const NAME_RULE = '[A-Za-z_][A-Za-z0-9_]*';
const WHOLE_NUMBER = /whole number from \d+ to \d+/;

const CASES: Array<[option: string, options: Record<string, unknown>, allowed: string | RegExp]> = [
  ['tableName', { tableName: 'drop; --' }, NAME_RULE],
  ['tableName', { tableName: 'x'.repeat(60) }, /at most \d+ bytes, so that its index/],
  ['schema', { schema: 'drop; --' }, NAME_RULE],
  ['schema', { schema: 'x'.repeat(64) }, 'at most 63 bytes'],
  ['cleanup', { cleanup: true }, 'false or {'],
  ['cleanup.cron', { cleanup: { cron: 'now and then' } }, 'five or six fields'],
  ['cleanup.timeZone', { cleanup: { timeZone: 'Mars/Olympus' } }, 'Europe/Berlin'],
  ['cleanup.batchSize', { cleanup: { batchSize: 1.5 } }, WHOLE_NUMBER],
  ['cleanup.signal', { cleanup: { signal: {} } }, 'AbortSignal'],
  ['cleanup.crom', { cleanup: { crom: '* * * * *' } }, 'cleanup.cron'],
  ['tablename', { tablename: 'x' }, 'tableName'],
  ['skipSchemaInit', { skipSchemaInit: 'yes' }, 'true or false'],
  ['schemaLockTimeout', { schemaLockTimeout: -1 }, WHOLE_NUMBER],
  ['phaseHook', { phaseHook: 'log' }, 'a function'],
  ['retryAttempts', { retryAttempts: -1 }, WHOLE_NUMBER],
  ['retryDelay', { retryDelay: Infinity }, WHOLE_NUMBER],
  ['shutdownTimeout', { shutdownTimeout: '5s' }, WHOLE_NUMBER],
  ['operationTimeout', { operationTimeout: 0 }, 'or false'],
  ['batching', { batching: true }, 'false or {'],
  ['batching.concurrency', { batching: { concurrency: 0 } }, WHOLE_NUMBER],
  ['preparedStatements', { preparedStatements: 1 }, 'true or false'],
  ['pool', { connection: undefined, pool: {} }, 'a pg.Pool'],
  ['connection', { connection: '' }, 'connection string'],
];

describe('the error of a bad option', () => {
  const harness = Harness.use();

  it.each(CASES)('of %s tells what is allowed: %p', async (option, options, allowed) => {
    // What a user without types may pass.
    const given = { connection: harness.url, ...options } as PostgresSessionModuleOptions;
    const starting = harness.start({
      imports: [PostgresSessionModule.forRootAsync({ useFactory: () => given })],
    });
    const error = await ownFailureOf(starting);
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain(option);
    if (typeof allowed === 'string') expect(error.message).toContain(allowed);
    else expect(error.message).toMatch(allowed);
  });

  it.each(['', 7])('of name tells what is allowed: %p', async (name) => {
    const register = async () =>
      PostgresSessionModule.forRoot({ connection: harness.url, name: name as string });
    const error = await ownFailureOf(register());
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('`name`');
  });
});
