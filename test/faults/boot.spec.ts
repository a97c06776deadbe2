import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { PoolConfig } from 'pg';
import { freePort } from '../../tools/free-port.js';
import { waitFor } from '../support/conditions.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { LogCapture } from '../support/log.js';
import { StartingServer } from './support/starting-server.js';
import { TcpProxy } from './support/tcp-proxy.js';

const PASSWORD = 'secret-51c0';
const PATIENT = { retryAttempts: 100, retryDelay: 50 };
/** What waiting cannot mend must not have waited: one retry would last longer than the test. */
const ENDLESS = { retryAttempts: 1_000, retryDelay: 60_000 };

/** Resolves once so many tries have failed, as the log tells. */
async function triesFailed(log: LogCapture, count = 2): Promise<void> {
  await waitFor(() => log.complaints.length >= count, { what: 'failed tries in the log' });
}

describe('An application that boots before its database', () => {
  const harness = Harness.use();

  it('waits for a PostgreSQL that comes up late', async () => {
    const proxy = await TcpProxy.before(harness);
    proxy.refuse();
    const log = new LogCapture();
    const connection = proxy.url(harness.url);
    const booting = harness.startStore({ connection, ...PATIENT }, log);
    await triesFailed(log);
    await proxy.heal();
    const { store } = await booting;
    await store.set('key', 'value');
    expect((await store.get('key'))?.toString()).toBe('value');
    expect(log.complaints.join('\n')).toContain('ECONNREFUSED');
  });

  it('waits while PostgreSQL is starting up (57P03)', async () => {
    const starting = await StartingServer.listen();
    harness.onEnd(() => starting.close());
    const proxy = await TcpProxy.to(starting.port);
    harness.onEnd(() => proxy.close());
    const booting = harness.startStore({ connection: proxy.url(harness.url), ...PATIENT });
    await starting.turnedAway(2);
    proxy.moveTo(Number(new URL(harness.url).port || 5432));
    const { store } = await booting;
    await expect(store.set('key', 'value')).resolves.toBeUndefined();
  });

  it('tries as often as it says', async () => {
    const proxy = await TcpProxy.before(harness);
    // Nothing listens behind it: each connection is taken, and reset.
    proxy.moveTo(await freePort());
    const options = { connection: proxy.url(harness.url), retryAttempts: 3, retryDelay: 10 };
    const error = await ownFailureOf(harness.startStore(options));
    expect(error.code).toBe('ERR_CONNECT');
    expect(proxy.accepted).toBe(4);
  });
});

describe('An application whose database never comes', () => {
  const harness = Harness.use();

  function expectPlace(error: Error, port: number): void {
    for (const part of ['127.0.0.1', String(port), 'sessions_db']) {
      expect(error.message).toContain(part);
    }
    expect(error.message).not.toContain(PASSWORD);
  }

  it('is told where it looked and how often', async () => {
    const port = await freePort();
    const connection = {
      host: '127.0.0.1',
      port,
      database: 'sessions_db',
      user: 'ann',
      password: PASSWORD,
    };
    const log = new LogCapture();
    const options = { connection, retryAttempts: 2, retryDelay: 10 };
    const error = await ownFailureOf(harness.startStore(options, log));
    expect(error).toMatchObject({
      code: 'ERR_CONNECT',
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
    });
    expectPlace(error, port);
    expect(error.message).toMatch(/\b3\b.*(attempts|tries)|(attempts|tries).*\b3\b/);
    expect(log.text).not.toContain(PASSWORD);
  });

  it('is told where it looked by a connection string', async () => {
    const port = await freePort();
    const connection = `postgres://ann:${PASSWORD}@127.0.0.1:${port}/sessions_db`;
    const error = await ownFailureOf(harness.startStore({ connection, retryAttempts: 0 }));
    expectPlace(error, port);
  });

  it('is told where it looked by a pool of its own', async () => {
    const port = await freePort();
    const connectionString = `postgres://ann:${PASSWORD}@127.0.0.1:${port}/sessions_db`;
    const pool = harness.pool({ connectionString });
    const error = await ownFailureOf(harness.startStore({ pool, retryAttempts: 0 }));
    expect(error.code).toBe('ERR_CONNECT');
    expectPlace(error, port);
    expect(pool.listenerCount('error')).toBe(0);
  });
});

describe('An application that waiting cannot help', () => {
  const harness = Harness.use();

  function partsOf(connectionString: string): PoolConfig {
    const url = new URL(connectionString);
    return {
      host: url.hostname,
      port: Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: url.pathname.slice(1),
    };
  }

  /** The error of a start that connected once. */
  async function failureOfOneTry(change: PoolConfig) {
    const proxy = await TcpProxy.before(harness);
    const connection = { ...partsOf(proxy.url(harness.url)), ...change };
    const error = await ownFailureOf(harness.startStore({ connection, ...ENDLESS }));
    expect(error.code).toBe('ERR_CONNECT');
    expect(error.message).not.toContain(PASSWORD);
    expect(proxy.accepted).toBe(1);
    return error;
  }

  it('fails at its first try with a wrong password', async () => {
    const role = `role_${randomBytes(6).toString('hex')}`;
    await harness.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'the-right-one'`);
    harness.onEnd(() => harness.sql(`DROP ROLE ${role}`));
    const error = await failureOfOneTry({ user: role, password: PASSWORD });
    expect(error.cause).toMatchObject({ code: '28P01' });
  });

  it('fails at its first try with a role that does not exist', async () => {
    await failureOfOneTry({ user: 'nobody-here', password: PASSWORD });
  });

  it('fails at its first try with a database that does not exist', async () => {
    const error = await failureOfOneTry({ database: 'no_such_db' });
    expect(error.cause).toMatchObject({ code: '3D000' });
    expect(error.message).toContain('no_such_db');
  });

  it('fails at its first try if it asks for TLS and the server has none', async () => {
    await failureOfOneTry({ ssl: true });
  });

  it('leaves no connection behind', async () => {
    const name = `boot-${harness.table()}`;
    const options = { connection: harness.urlNamed(name), schema: 'no_such_schema' };
    const error = await ownFailureOf(harness.startStore(options));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    const ofName = 'SELECT FROM pg_stat_activity WHERE application_name = $1';
    await waitFor(async () => (await harness.sql(ofName, [name])).length === 0);
  });
});

describe('An application on a server that is out of connections', () => {
  const MAX_CONNECTIONS = 8;
  const harness = Harness.useServer({
    settings: { max_connections: String(MAX_CONNECTIONS), superuser_reserved_connections: '0' },
  });

  const takeAll = () =>
    Promise.all(Array.from({ length: MAX_CONNECTIONS }, () => harness.connect()));

  it('waits until there are some', async () => {
    const hogs = await takeAll();
    const log = new LogCapture();
    const booting = harness.startStore(PATIENT, log);
    await triesFailed(log);
    await Promise.all(hogs.map((hog) => hog.end()));
    const { store } = await booting;
    expect(await store.increment('n')).toBe(1);
  });

  it('is told so if that does not change', async () => {
    await takeAll();
    const error = await ownFailureOf(harness.startStore({ retryAttempts: 2, retryDelay: 50 }));
    expect(error.code).toBe('ERR_CONNECT');
    expect(error.message).toMatch(/too many clients|connection slots/);
  });
});
