import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { PostgresSessionModule, PostgresSessionStore } from '../../lib/index.js';
import { TcpProxy } from '../faults/support/tcp-proxy.js';
import type { StoreOptions } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

const ONCE = { retryAttempts: 0, retryDelay: 10 };
/** Milliseconds of one attempt, and what a busy machine may add to it. */
const ATTEMPT = 400;
const GRACE = 2_000;

const harness = Harness.use();

/** A store whose start is still to come. */
async function compiled(options: StoreOptions): Promise<PostgresSessionStore> {
  const sessions = PostgresSessionModule.forRoot({
    tableName: harness.table(),
    cleanup: false,
    ...options,
  });
  const module = await Test.createTestingModule({ imports: [sessions] }).compile();
  const store = module.get(PostgresSessionStore);
  harness.onEnd(() => store.close());
  return store;
}

describe.each(['owned', 'borrowed'])('A start that failed (%s pool)', (kind) => {
  function target(connectionString: string): StoreOptions {
    return kind === 'owned'
      ? { connection: connectionString }
      : { pool: harness.pool({ connectionString }) };
  }

  it('is tried again by the next call, on the same store', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.refuse();
    const store = await compiled({ ...target(proxy.url(harness.url)), ...ONCE });
    expect((await ownFailureOf(store.set('key', 'value'))).code).toBe('ERR_CONNECT');
    expect((await ownFailureOf(store.onModuleInit())).code).toBe('ERR_CONNECT');
    await proxy.heal();
    await store.set('key', 'value');
    expect((await store.get('key'))?.toString()).toBe('value');
  });

  it('rejects every call that waited for it, with its own error', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.refuse();
    const store = await compiled({ ...target(proxy.url(harness.url)), ...ONCE });
    const calls = [store.get('key'), store.setMany([['key', 'value']]), store.deletePrefix('')];
    const errors = await Promise.all(calls.map(ownFailureOf));
    expect(new Set(errors).size).toBe(1);
    expect(errors[0].code).toBe('ERR_CONNECT');
  });

  it('is told by its first reason until one succeeds', async () => {
    const proxy = await TcpProxy.before(harness);
    const schema = `missing_${harness.table()}`;
    const store = await compiled({ ...target(proxy.url(harness.url)), schema, ...ONCE });
    const first = await ownFailureOf(store.get('key'));
    expect(first.code).toBe('ERR_SCHEMA_INIT');
    proxy.refuse();
    expect(await ownFailureOf(store.get('key'))).toBe(first);
    await proxy.heal();
    await harness.sql(`CREATE SCHEMA ${schema}`);
    harness.onEnd(() => harness.sql(`DROP SCHEMA ${schema} CASCADE`));
    await store.set('key', 'value');
    expect((await store.get('key'))?.toString()).toBe('value');
  });
});

describe('A start in a black hole', () => {
  it('ends in bounded time on a lent pool that sets no time for connecting', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.swallow();
    const pool = harness.pool({ connectionString: proxy.url(harness.url) });
    const times = { operationTimeout: ATTEMPT, retryAttempts: 1, retryDelay: 10 };
    const store = await compiled({ pool, ...times });
    const begun = performance.now();
    const error = await ownFailureOf(store.get('key'));
    expect(error.code).toBe('ERR_CONNECT');
    expect(error.message).toContain('2 attempts');
    expect(performance.now() - begun).toBeLessThan(2 * ATTEMPT + GRACE);
    // The places of the attempts are free again for the application.
    await waitFor(() => pool.totalCount === 0, { what: 'a pool without attempts' });
    await proxy.heal();
    await pool.query('SELECT 1');
    await store.set('key', 'value');
  });

  it('lets a call go whose signal aborts meanwhile', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.swallow();
    const store = await compiled({ connection: proxy.url(harness.url) });
    const gone = new AbortController();
    const reason = new Error('the visitor has left');
    const calls = [
      store.get('key', { signal: gone.signal }),
      store.set('key', 'value', { signal: gone.signal }),
      store.deletePrefix('', { signal: gone.signal }),
    ];
    const staying = store.get('key');
    gone.abort(reason);
    for (const end of await Promise.allSettled(calls)) {
      expect(end).toEqual({ status: 'rejected', reason });
    }
    await proxy.heal();
    expect(await staying).toBeUndefined();
  });

  it('refuses more calls than may wait', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.swallow();
    const batching = { maxQueue: 10 };
    const store = await compiled({ connection: proxy.url(harness.url), batching });
    const waiting = Array.from({ length: 10 }, (_, n) => store.set(`key ${n}`, 'value'));
    expect((await ownFailureOf(store.set('one more', 'value'))).code).toBe('ERR_OVERLOADED');
    await proxy.heal();
    await Promise.all(waiting);
    await store.set('one more', 'value');
  });
});
