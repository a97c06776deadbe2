import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { waitFor } from '../support/conditions.js';
import { freePort } from '../../tools/free-port.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { Child, type Ended } from './support/child.js';
import { full, report } from './support/report.js';
import { TcpProxy } from './support/tcp-proxy.js';

const SHUTDOWN_TIMEOUT = 2_000;
const TABLE = 'signal_sessions';
const signals = full ? (['SIGTERM', 'SIGINT'] as const) : (['SIGINT'] as const);
/** How an application is told. */
const ways = full ? (['SIGTERM', 'close'] as const) : (['SIGTERM'] as const);

describe('An application that is told to end', () => {
  let server: PostgresServer;
  let proxy: TcpProxy;
  let admin: pg.Client;
  const children: Child[] = [];

  beforeAll(async () => {
    server = await startPostgres();
    admin = new pg.Client({ connectionString: server.connectionString });
    await admin.connect();
  });

  afterAll(async () => {
    await admin?.end();
    await server?.remove();
  });

  beforeEach(async () => {
    proxy = await TcpProxy.to(server.port);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await proxy.close();
  });

  async function start(connection = proxy.url(server.connectionString)): Promise<Child> {
    const options = {
      connection,
      tableName: TABLE,
      shutdownTimeout: SHUTDOWN_TIMEOUT,
      cleanup: { cron: '0 0 1 1 *' },
    };
    const child = Child.run('app.mjs', { options });
    children.push(child);
    await child.heard('ready');
    child.tell('boot');
    await child.heard('booting');
    return child;
  }

  async function boot(): Promise<Child> {
    const child = await start();
    await child.heard('booted');
    return child;
  }

  /** With open connections, so that calls in flight are on their way at once. */
  async function bootWarm(): Promise<Child> {
    const child = await boot();
    child.tell('warm');
    await child.heard('warm');
    return child;
  }

  async function ending(child: Child): Promise<Ended & { ms: number }> {
    const from = performance.now();
    const ended = await child.ended;
    const ms = performance.now() - from;
    expect(ms).toBeLessThan(SHUTDOWN_TIMEOUT + 1_000);
    return { ...ended, ms };
  }

  /** Nest runs the shutdown hooks and then lets the signal have its way. */
  it.each(signals)('answers every call in flight at %s', async (signal) => {
    const child = await bootWarm();
    proxy.delay(50);
    child.tell('burst');
    await child.heard('burst-sent');
    child.kill(signal);
    const ended = await ending(child);
    expect(await child.heard('burst-answered')).toMatchObject({ ok: 64 });
    expect(ended).toMatchObject({ code: null, signal });
    report(`${signal} with 64 calls in flight: 64 answered, ended in ${ended.ms.toFixed(0)} ms`);
  });

  it('ends in the same order at a second SIGTERM', async () => {
    const child = await bootWarm();
    proxy.delay(50);
    child.tell('burst');
    await child.heard('burst-sent');
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    expect(await ending(child)).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(await child.heard('burst-answered')).toMatchObject({ ok: 64 });
  });

  it('leaves no handle behind when the app is closed, even twice', async () => {
    const child = await boot();
    child.tell('burst');
    await child.heard('burst-sent');
    child.tell('closeTwice');
    expect(await ending(child)).toMatchObject({ code: 0, signal: null });
    expect(await child.heard('burst-answered')).toMatchObject({ ok: 64 });
    expect(child.messages.filter(({ event }) => event === 'closed')).toHaveLength(2);
  });

  it.each(ways)('ends in time at %s in a black hole', async (how) => {
    const child = await boot();
    proxy.swallow();
    child.tell('burst');
    await child.heard('burst-sent');
    if (how === 'close') child.tell('close');
    else child.kill(how);
    const ended = await ending(child);
    const answered = await child.heard('burst-answered');
    expect(answered).not.toHaveProperty('ok');
    report(
      `${how} in a black hole: ended in ${ended.ms.toFixed(0)} ms, ${JSON.stringify(answered)}`,
    );
  });

  it.each(ways)('ends in time at %s during a sweep', async (how) => {
    const child = await boot();
    await admin.query(
      `INSERT INTO ${TABLE} (id, value, expires_at)
       SELECT 'expired:' || n, 'x', now() - interval '1 day' FROM generate_series(1, 50000) n`,
    );
    proxy.delay(20);
    child.tell('sweep');
    await child.heard('sweeping');
    await waitFor(async () => (await countRows()) < 50_000, { what: 'the first batch' });
    if (how === 'close') child.tell('close');
    else child.kill(how);
    const ended = await ending(child);
    expect(ended).toMatchObject(how === 'close' ? { code: 0 } : { signal: 'SIGTERM' });
    expect(await countRows()).toBeGreaterThan(0);
    await admin.query(`DELETE FROM ${TABLE}`);
  });

  async function countRows(): Promise<number> {
    const { rows } = await admin.query<{ count: string }>(`SELECT count(*) FROM ${TABLE}`);
    return Number(rows[0]?.count);
  }

  it('ends in time at SIGTERM while it boots and the database is absent', async () => {
    const url = new URL(server.connectionString);
    url.port = String(await freePort());
    const child = await start(url.href);
    child.kill('SIGTERM');
    await ending(child);
  });

  it('ends in time at SIGTERM while it boots into a black hole', async () => {
    proxy.swallow();
    const child = await start();
    await waitFor(() => proxy.accepted > 0, { what: 'the first connection' });
    child.kill('SIGTERM');
    await ending(child);
  });

  it('ends in time when it is closed while it boots', async () => {
    proxy.delay(100);
    const child = await start();
    await waitFor(() => proxy.accepted > 0, { what: 'the first connection' });
    child.tell('close');
    expect(await ending(child)).toMatchObject({ signal: null });
  });
});
