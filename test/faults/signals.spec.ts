import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { freePort } from '../../tools/free-port.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import type { Program, ProgramEnd } from '../support/program.js';
import { bootApp, loadApp, NEVER, type AppSettings } from './support/app-program.js';
import { report } from './support/report.js';
import { TcpProxy } from './support/tcp-proxy.js';

const SHUTDOWN_TIMEOUT = 2_000;
const REQUESTS = 64;
const TIME = 90_000;
/** How an application is told to end. */
const WAYS = ['SIGTERM', 'close'] as const;

const harness = Harness.use();

function settingsThrough(proxy: TcpProxy, tableName = harness.table()): AppSettings {
  const connection = proxy.url(harness.url);
  return {
    options: { connection, tableName, shutdownTimeout: SHUTDOWN_TIMEOUT, cleanup: NEVER },
  };
}

/** Resolves to how it ended, which took no longer than the shutdown's time. */
async function ending(program: Program): Promise<ProgramEnd & { ms: number }> {
  const from = performance.now();
  const ended = await program.ended;
  const ms = performance.now() - from;
  expect(ms).toBeLessThan(SHUTDOWN_TIMEOUT + 1_000);
  return { ...ended, ms };
}

describe('An application with calls in flight', () => {
  /** 64 calls on their way through a slow network, on connections that are open. */
  async function burst(): Promise<Program> {
    const proxy = await TcpProxy.before(harness);
    const { program } = await bootApp(harness, settingsThrough(proxy));
    program.tell('warm');
    await program.heard('warm');
    proxy.delay(50);
    program.tell('burst');
    await program.heard('burst-sent');
    return program;
  }

  /** Nest runs the shutdown hooks and then lets the signal have its way. */
  it.each(['SIGTERM', 'SIGINT'] as const)('answers each of them at %s', async (signal) => {
    const program = await burst();
    program.signal(signal);
    const { ms, ...end } = await ending(program);
    expect(await program.heard('burst-answered')).toMatchObject({ ok: 64 });
    expect(end).toEqual({ code: null, signal });
    report(`${signal} with 64 calls in flight: 64 answered, ended in ${ms.toFixed(0)} ms`);
  });

  it('answers each of them at two SIGTERMs in a row', async () => {
    const program = await burst();
    program.signal('SIGTERM');
    program.signal('SIGTERM');
    expect(await ending(program)).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(await program.heard('burst-answered')).toMatchObject({ ok: 64 });
  });

  it('answers each of them when it is closed twice, and leaves no handle behind', async () => {
    const program = await burst();
    program.tell('closeTwice');
    expect(await ending(program)).toMatchObject({ code: 0, signal: null });
    expect(await program.heard('burst-answered')).toMatchObject({ ok: 64 });
    expect(program.count('closed')).toBe(2);
  });

  it.each(WAYS)('ends in time at %s in a black hole', async (way) => {
    const proxy = await TcpProxy.before(harness);
    const { program } = await bootApp(harness, settingsThrough(proxy));
    proxy.swallow();
    program.tell('burst');
    await program.heard('burst-sent');
    tellToEnd(program, way);
    const { ms } = await ending(program);
    const answered = await program.heard('burst-answered');
    expect(answered).not.toHaveProperty('ok');
    report(`${way} in a black hole: ended in ${ms.toFixed(0)} ms, ${JSON.stringify(answered)}`);
  });
});

function tellToEnd(program: Program, way: (typeof WAYS)[number]): void {
  if (way === 'close') program.tell('close');
  else program.signal(way);
}

describe('An application that sweeps', () => {
  it.each(WAYS)('ends in time at %s', async (way) => {
    const proxy = await TcpProxy.before(harness);
    const table = harness.table();
    const { program } = await bootApp(harness, settingsThrough(proxy, table));
    await harness.sql(
      `INSERT INTO ${table} (id, value, expires_at)
       SELECT 'expired:' || n, 'x', now() - interval '1 day' FROM generate_series(1, 50000) n`,
    );
    proxy.delay(20);
    program.tell('sweep');
    await waitFor(async () => (await countRows(table)) < 50_000, { what: 'the first batch' });
    tellToEnd(program, way);
    expect(await ending(program)).toMatchObject(
      way === 'close' ? { code: 0 } : { signal: 'SIGTERM' },
    );
    expect(await countRows(table)).toBeGreaterThan(0);
  });

  async function countRows(table: string): Promise<number> {
    const [row] = await harness.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table}`,
    );
    return row.count;
  }
});

describe('An application that boots', () => {
  async function booting(settings: AppSettings): Promise<Program> {
    const program = await loadApp(harness, settings);
    program.tell('boot');
    await program.heard('booting');
    return program;
  }

  it('ends in time at SIGTERM while the database is absent', async () => {
    const url = new URL(harness.url);
    url.port = String(await freePort());
    const program = await booting({ options: { connection: url.href } });
    program.signal('SIGTERM');
    await ending(program);
  });

  it('ends in time at SIGTERM while it connects into a black hole', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.swallow();
    const program = await booting(settingsThrough(proxy));
    await waitFor(() => proxy.accepted > 0, { what: 'the first connection' });
    program.signal('SIGTERM');
    await ending(program);
  });

  it('ends in time when it is closed meanwhile', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.delay(100);
    const program = await booting(settingsThrough(proxy));
    await waitFor(() => proxy.accepted > 0, { what: 'the first connection' });
    program.tell('close');
    expect(await ending(program)).toMatchObject({ signal: null });
  });

  it('leaves nothing that holds the process if the start fails', async () => {
    const options = { connection: harness.url, schema: 'no_such_schema', cleanup: NEVER };
    const program = await booting({ options });
    await program.heard('boot-failed');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});

describe('SIGTERM with 64 requests in flight', () => {
  it.each([
    ['ends as Nest ends it', { ownHandler: false }, { code: null, signal: 'SIGTERM' }],
    ['nothing holds the process', { ownHandler: true }, { code: 0, signal: null }],
  ])(
    'answers each of them, then %s',
    async (_, { ownHandler }, end) => {
      const { table, program, url } = await bootPatient(ownHandler);
      const holder = await harness.connect();
      await holder.query('BEGIN');
      await holder.query(`LOCK TABLE ${table} IN SHARE MODE`);
      const answers = Promise.all(
        Array.from({ length: REQUESTS }, (_, n) => answerOf(`${url}/session-${n}`)),
      );
      await waitFor(() => program.count('request') === REQUESTS, { timeout: TIME });
      await blockedBy(harness, holder);
      program.signal('SIGTERM');
      await program.heard('closing');
      await holder.query('ROLLBACK');

      expect(await answers).toEqual(
        Array.from({ length: REQUESTS }, () => ({ status: 200, body: 'value 1' })),
      );
      expect(await program.ended).toEqual(end);
      expect(program.output).toBe('');
      expect(await harness.sql(`SELECT FROM ${table}`)).toHaveLength(2 * REQUESTS);
    },
    TIME,
  );

  /** The test decides how long a request takes, however busy the machine is. */
  async function bootPatient(ownHandler: boolean) {
    const table = harness.table();
    const options = { connection: harness.url, tableName: table, cleanup: NEVER };
    const patience = { operationTimeout: false, shutdownTimeout: 30_000 } as const;
    const app = await bootApp(harness, { options: { ...options, ...patience }, ownHandler });
    return { table, ...app };
  }

  /** One request on a connection of its own: a kept one would hold up the server's end. */
  async function answerOf(url: string): Promise<{ status?: number; body: string }> {
    const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }
});
