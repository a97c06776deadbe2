import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freePort } from '../../tools/free-port.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { startStore } from '../support/app.js';
import { codeOf, settle } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { StartingServer } from './support/starting-server.js';

describe('An application that boots before its database', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({
      settings: { max_connections: '8', superuser_reserved_connections: '0' },
    });
  });

  afterAll(() => server?.remove());

  it('waits for a server that comes up late', async () => {
    const proxy = await TcpProxy.to(server.port);
    proxy.refuse();
    const booting = startStore({
      connection: proxy.url(server.connectionString),
      retryAttempts: 20,
      retryDelay: 100,
    });
    await sleep(600);
    await proxy.heal();
    const { store, close } = await booting;
    await store.set('k', 'v');
    expect((await store.get('k'))?.toString()).toBe('v');
    await close();
    await proxy.close();
  });

  it('fails with host, port, database and attempts, without the password, when none ever comes', async () => {
    const port = await freePort();
    const connection = `postgresql://someone:s3cret-word@127.0.0.1:${port}/nowhere`;
    const failed = await settle(() => startStore({ connection, retryAttempts: 2, retryDelay: 50 }));
    expect(codeOf(failed)).toBe('ERR_CONNECT');
    const { message } = failed.error as Error;
    for (const word of ['127.0.0.1', String(port), 'nowhere', '3']) expect(message).toContain(word);
    expect(message).not.toContain('s3cret-word');
    expect(failed.ms).toBeLessThan(5_000);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['a database that does not exist', { database: 'nowhere' }],
    ['a role that does not exist', { user: 'nobody-here' }],
  ])('fails at once, without a retry, on %s', async (_what, part) => {
    const connection = { ...partsOf(server), ...part };
    const failed = await settle(() =>
      startStore({ connection, retryAttempts: 1, retryDelay: 5_000 }),
    );
    expect(codeOf(failed)).toBe('ERR_CONNECT');
    expect(failed.ms).toBeLessThan(2_500);
  });

  it('waits while the server is out of connections', async () => {
    const hogs = await Promise.all(Array.from({ length: 8 }, () => connect(server)));
    const booting = startStore({
      connection: server.connectionString,
      retryAttempts: 50,
      retryDelay: 100,
    });
    await sleep(500);
    await Promise.all(hogs.map((hog) => hog.end()));
    const { store, close } = await booting;
    await expect(store.increment('n')).resolves.toBeGreaterThan(0);
    await close();
  });

  it('tells that the server is out of connections when that does not change', async () => {
    const hogs = await Promise.all(Array.from({ length: 8 }, () => connect(server)));
    const connection = server.connectionString;
    const failed = await settle(() => startStore({ connection, retryAttempts: 2, retryDelay: 50 }));
    await Promise.all(hogs.map((hog) => hog.end()));
    expect(codeOf(failed)).toBe('ERR_CONNECT');
    expect(String(failed.error)).toMatch(/too many clients|connection slots/);
  });

  it('waits while the server is starting up (57P03)', async () => {
    const starting = await StartingServer.listen();
    const proxy = await TcpProxy.to(starting.port);
    const booting = startStore({
      connection: proxy.url(server.connectionString),
      retryAttempts: 50,
      retryDelay: 100,
    });
    await starting.turnedAway(2);
    proxy.moveTo(server.port);
    const { store, close } = await booting;
    await expect(store.set('k', 'v')).resolves.toBeUndefined();
    await close();
    await proxy.close();
    await starting.close();
  });
});

function partsOf(server: PostgresServer): pg.ClientConfig {
  const { username, password, hostname, port, pathname } = new URL(server.connectionString);
  return {
    user: username,
    password,
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
  };
}

async function connect(server: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client(partsOf(server));
  await client.connect();
  return client;
}
