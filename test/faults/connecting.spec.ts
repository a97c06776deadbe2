import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { offer } from './support/offered-load.js';
import { report } from './support/report.js';
import { codeOf, settle, settleAll, slowest } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

jest.setTimeout(60_000);

describe('Connections that are hard to get', () => {
  const harness = Harness.useServer();
  let proxy: TcpProxy;
  let tableName: string;

  beforeEach(async () => {
    proxy = await TcpProxy.before(harness);
    tableName = harness.table();
  });

  it('are attempted twice at once at most on a lent pool of ten, which works at once afterwards', async () => {
    const pool = harness.pool({ connectionString: proxy.url(harness.url), max: 10 });
    pool.on('error', () => undefined);
    const { store } = await harness.startStore({ pool, tableName, operationTimeout: 4_000 });
    await store.set('k', 'v');
    // No connection is left, so that one has to be made.
    proxy.cut();
    await waitFor(() => pool.totalCount === 0, { what: 'an empty pool' });
    proxy.swallow();
    const get = settle(() => store.get('k'));
    let most = 0;
    let isOver = false;
    void get.then(() => (isOver = true));
    await waitFor(
      () => {
        most = Math.max(most, pool.totalCount + pool.waitingCount);
        return isOver;
      },
      { timeout: 8_000, what: 'the end of the get' },
    );
    expect(codeOf(await get)).toMatch(/^ERR_(TIMEOUT|CONNECTION)$/);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);

    const late = settle(() => store.get('k'));
    await sleep(1_000);
    await proxy.heal();
    const own = await settleAll(Array.from({ length: 8 }, () => () => pool.query('SELECT 1')));
    expect(own.map(codeOf)).toEqual(own.map(() => 'ok'));
    expect(slowest(own)).toBeLessThan(1_500);
    expect(codeOf(await late)).toBe('ok');
  });

  it('are waited for, if the server refuses more than there are (CONNECTION LIMIT)', async () => {
    const role = 'limited_app';
    await harness.sql(`
      CREATE ROLE ${role} LOGIN PASSWORD 'secret' CONNECTION LIMIT 1;
      GRANT ALL ON SCHEMA public TO ${role}`);
    harness.onEnd(() => harness.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const url = new URL(proxy.url(harness.url));
    url.username = role;
    url.password = 'secret';
    const { store } = await harness.startStore({ connection: url.href, tableName });
    await store.set('k', 'v');
    // The start had one, and tried for a second one.
    const before = proxy.accepted;
    const calls = (n: number): Array<() => Promise<unknown>> => [
      () => store.get(`k${n}`),
      () => store.set(`k${n}`, 'v'),
      () => store.increment(`n${n}`),
      () => store.delete(`d${n}`),
      () => store.touch('k', 60_000),
    ];
    const rounds = 20;
    const start = performance.now();
    for (let n = 0; n < rounds; n += 1) {
      const settled = await settleAll(calls(n));
      expect(settled.map(codeOf)).toEqual(settled.map(() => 'ok'));
    }
    const seconds = (performance.now() - start) / 1000;
    // The server is asked for one more twice a second at most.
    const attempts = proxy.accepted - before;
    expect(attempts).toBeLessThanOrEqual(3 + 3 * seconds);
    report(
      `one connection for five operations: ${((5 * rounds) / seconds).toFixed(0)} calls/s, ${attempts} attempts to connect`,
    );
  });

  it('are not made anew all the time if the server is read-only', async () => {
    const { store } = await harness.startStore({
      connection: proxy.url(harness.url),
      tableName,
      operationTimeout: 2_000,
    });
    await store.set('k', 'v');
    await harness.sql('ALTER SYSTEM SET default_transaction_read_only = on');
    await harness.sql('SELECT pg_reload_conf()');
    harness.onEnd(async () => {
      await harness.sql('ALTER SYSTEM RESET default_transaction_read_only');
      await harness.sql('SELECT pg_reload_conf()');
    });
    await waitFor(async () => codeOf(await settle(() => store.set('probe', 'w'))) !== 'ok', {
      what: 'a read-only server',
    });
    const before = proxy.accepted;
    const start = performance.now();
    const settled = await offer((n) => store.set(`k${n}`, 'w'), 100, 3_000);
    const seconds = (performance.now() - start) / 1000;
    const perSecond = (proxy.accepted - before) / seconds;
    report(`${settled.length} sets on a read-only server: ${perSecond.toFixed(1)} connections/s`);
    expect(settled.map(codeOf)).not.toContain('ok');
    expect((await store.get('k'))?.toString()).toBe('v');
    // Each connection of the pool of ten is replaced once a second at most.
    expect(perSecond).toBeLessThanOrEqual(12);
  });
});
