import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { TcpProxy } from '../faults/support/tcp-proxy.js';
import { waitFor } from '../support/conditions.js';
import { freePort } from '../../tools/free-port.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { LogCapture } from '../support/log.js';

const PASSWORD = 'secret-51c0';
/** What waiting cannot mend must not have waited: one retry would last longer than the test. */
const ENDLESS = { retryAttempts: 1_000, retryDelay: 60_000 };

describe('start-up', () => {
  const harness = Harness.use();

  async function proxy(): Promise<TcpProxy> {
    const opened = await TcpProxy.to(Number(new URL(harness.url).port || 5432));
    harness.onEnd(() => opened.close());
    return opened;
  }

  function changed(change: (url: URL) => void): string {
    const url = new URL(harness.url);
    change(url);
    return url.href;
  }

  it('waits for a PostgreSQL that comes up late', async () => {
    const line = await proxy();
    line.refuse();
    const log = new LogCapture();
    const booting = harness.startStore(
      {
        connection: line.url(harness.url),
        tableName: harness.table(),
        retryAttempts: 100,
        retryDelay: 50,
      },
      log,
    );
    await waitFor(() => log.complaints.length >= 2, { what: 'two failed tries in the log' });
    await line.heal();
    const { store } = await booting;
    await store.set('key', 'value');
    expect(log.complaints.join('\n')).toContain('ECONNREFUSED');
  });

  it('gives up on one that never comes, and tells where it looked and how often', async () => {
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
    for (const part of ['127.0.0.1', String(port), 'sessions_db']) {
      expect(error.message).toContain(part);
    }
    expect(error.message).toMatch(/\b3\b.*(attempts|tries)|(attempts|tries).*\b3\b/);
    expect(error.message).not.toContain(PASSWORD);
    expect(log.text).not.toContain(PASSWORD);
  });

  it('names the place also where it is a connection string', async () => {
    const port = await freePort();
    const connection = `postgres://ann:${PASSWORD}@127.0.0.1:${port}/sessions_db`;
    const error = await ownFailureOf(harness.startStore({ connection, retryAttempts: 0 }));
    for (const part of ['127.0.0.1', String(port), 'sessions_db']) {
      expect(error.message).toContain(part);
    }
    expect(error.message).not.toContain(PASSWORD);
  });

  it('names the place also where it is a pool of the application', async () => {
    const port = await freePort();
    const connectionString = `postgres://ann:${PASSWORD}@127.0.0.1:${port}/sessions_db`;
    const pool = harness.pool({ connectionString });
    const error = await ownFailureOf(harness.startStore({ pool, retryAttempts: 0 }));
    expect(error.code).toBe('ERR_CONNECT');
    for (const part of ['127.0.0.1', String(port), 'sessions_db']) {
      expect(error.message).toContain(part);
    }
    expect(error.message).not.toContain(PASSWORD);
    expect(pool.listenerCount('error')).toBe(0);
  });

  it('tries as often as it says', async () => {
    const line = await proxy();
    // Nothing listens behind it: each connection is taken, and reset.
    line.moveTo(await freePort());
    const connection = line.url(harness.url);
    const options = { connection, retryAttempts: 3, retryDelay: 10 };
    const error = await ownFailureOf(harness.startStore(options));
    expect(error.code).toBe('ERR_CONNECT');
    expect(line.accepted).toBe(4);
  });

  it('does not wait where the password is wrong', async () => {
    const role = `role_${randomBytes(6).toString('hex')}`;
    await harness.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'the-right-one'`);
    harness.onEnd(() => harness.sql(`DROP ROLE ${role}`));
    const line = await proxy();
    const url = changed((parts) => Object.assign(parts, { username: role, password: PASSWORD }));
    const connection = line.url(url);
    const error = await ownFailureOf(harness.startStore({ connection, ...ENDLESS }));
    expect(error).toMatchObject({
      code: 'ERR_CONNECT',
      cause: expect.objectContaining({ code: '28P01' }),
    });
    expect(error.message).not.toContain(PASSWORD);
    expect(line.accepted).toBe(1);
  });

  it('does not wait where there is no such database', async () => {
    const line = await proxy();
    const url = changed((parts) => Object.assign(parts, { pathname: '/no_such_db' }));
    const connection = line.url(url);
    const error = await ownFailureOf(harness.startStore({ connection, ...ENDLESS }));
    expect(error).toMatchObject({
      code: 'ERR_CONNECT',
      cause: expect.objectContaining({ code: '3D000' }),
    });
    expect(error.message).toContain('no_such_db');
    expect(line.accepted).toBe(1);
  });

  it('does not wait where the server has no TLS and the connection asks for it', async () => {
    const line = await proxy();
    const url = new URL(line.url(harness.url));
    const connection = {
      host: url.hostname,
      port: Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: url.pathname.slice(1),
      ssl: true,
    };
    const error = await ownFailureOf(harness.startStore({ connection, ...ENDLESS }));
    expect(error.code).toBe('ERR_CONNECT');
    expect(line.accepted).toBe(1);
  });

  it('leaves no connection behind when it fails', async () => {
    const name = `boot-${harness.table()}`;
    const options = { connection: harness.urlNamed(name), schema: 'no_such_schema' };
    const error = await ownFailureOf(harness.startStore(options));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    await waitFor(async () => {
      const rows = await harness.sql('SELECT FROM pg_stat_activity WHERE application_name = $1', [
        name,
      ]);
      return rows.length === 0;
    });
  });
});
