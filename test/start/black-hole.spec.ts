import { describe, expect, it } from '@jest/globals';
import { TcpProxy } from '../faults/support/tcp-proxy.js';
import type { StoreOptions } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

const harness = Harness.use();

describe('A boot into a black hole ends in ERR_CONNECT', () => {
  const kinds: Array<[kind: string, lent: boolean]> = [
    ['own pool', false],
    ['lent pool without a time bound', true],
  ];

  function through(proxy: TcpProxy, lent: boolean): StoreOptions {
    const connection = proxy.url(harness.url);
    return {
      ...(lent ? { pool: harness.pool({ connectionString: connection }) } : { connection }),
      tableName: harness.table(),
      retryAttempts: 0,
      schemaLockTimeout: 100,
    };
  }

  it.each(kinds)('if no connection comes (%s)', async (_, lent) => {
    const proxy = await TcpProxy.before(harness);
    proxy.swallow();
    const error = await ownFailureOf(
      harness.startStore({ ...through(proxy, lent), operationTimeout: 500 }),
    );
    expect(error).toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringContaining('500 ms'),
    });
  });

  async function failureAtStep(step: string, lent: boolean) {
    const proxy = await TcpProxy.before(harness);
    const phaseHook = (phase: string): void => {
      if (phase === `ensure_schema:${step}`) proxy.swallow();
    };
    return ownFailureOf(harness.startStore({ ...through(proxy, lent), phaseHook }));
  }

  async function failureOfCheck() {
    const proxy = await TcpProxy.before(harness);
    const options = through(proxy, true);
    // Behind the one connection that was made, right before the check.
    options.pool?.on('connect', () => proxy.swallow());
    return ownFailureOf(harness.startStore({ ...options, skipSchemaInit: true }));
  }

  it('if the hole opens while the table is made or checked', async () => {
    const steps = ['begin_tx', 'acquire_lock', 'check_table', 'create_table', 'commit'];
    // All at once: each waits for its answer in full.
    const errors = await Promise.all([
      ...kinds.flatMap(([, lent]) => steps.map((step) => failureAtStep(step, lent))),
      failureOfCheck(),
    ]);
    for (const error of errors) {
      expect(error.code).toBe('ERR_CONNECT');
      expect(error.message).toContain('did not answer within');
    }
  });
});

describe('A boot whose table cannot be used', () => {
  it('is told why also if the network goes away before it has rolled back', async () => {
    const proxy = await TcpProxy.before(harness);
    const tableName = harness.table();
    await harness.sql(`CREATE TABLE ${tableName} (id text PRIMARY KEY)`);
    const pool = harness.pool({ connectionString: proxy.url(harness.url) });
    const phaseHook = (phase: string): void => {
      if (phase === 'ensure_schema:check_table') proxy.swallowFrom('ROLLBACK');
    };
    const error = await ownFailureOf(harness.startStore({ pool, tableName, phaseHook }));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.message).toContain('value');
    expect(pool.totalCount).toBe(0);
    expect(pool.listenerCount('error')).toBe(0);
  });
});
