import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { Client } from 'pg';
import { waitFor } from '../support/conditions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { SampleProcess } from './sample-process.js';
import { sha256, Visitor } from './visitor.js';

const TIME = 60_000;

let database: TestDatabase;
let sql: Client;
const started: SampleProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new Client({ connectionString: database.connectionString });
  await sql.connect();
});
afterEach(() => Promise.all(started.splice(0).map((sample) => sample.kill())));
afterAll(async () => {
  await sql?.end();
  await database?.close();
});

async function start(): Promise<SampleProcess> {
  const sample = await SampleProcess.start({ DATABASE_URL: database.connectionString });
  started.push(sample);
  return sample;
}

async function isCounted(name: string): Promise<boolean> {
  const key = `sample:attempts:name:${sha256(name)}`;
  const { rowCount } = await sql.query('SELECT 1 FROM celeris_sessions WHERE id = $1', [key]);
  return rowCount === 1;
}

describe('the process of the sample', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends in good order on %s',
    async (signal) => {
      const sample = await start();
      // Browsers hold connections open that they have not asked anything on.
      const socket = connect(Number(new URL(sample.url).port), '127.0.0.1');
      await once(socket, 'connect');
      const before = Date.now();
      expect(await sample.stop(signal)).toMatchObject({ code: 0, signal: null });
      expect(Date.now() - before).toBeLessThan(5_000);
      socket.destroy();
    },
    TIME,
  );

  it(
    'answers what is under way before it ends',
    async () => {
      const sample = await start();
      const ada = new Visitor(sample.url);
      const answer = ada.signUp('ada-in-a-hurry');
      // Tries are counted right before the password is hashed, which takes a while.
      await waitFor(() => isCounted('ada-in-a-hurry'), { what: 'the sign-up to be under way' });
      const exit = sample.stop();
      expect(await answer).toMatchObject({ status: 303, headers: { location: '/sessions' } });
      expect(await exit).toMatchObject({ code: 0 });
    },
    TIME,
  );

  it(
    'keeps people signed in over a restart',
    async () => {
      const first = await start();
      const ada = new Visitor(first.url);
      await ada.signUp('ada-restarts');
      await first.stop();

      const second = await start();
      const again = new Visitor(second.url);
      for (const [name, value] of ada.cookies) again.cookies.set(name, value);
      expect(await again.isSignedIn()).toBe(true);
    },
    TIME,
  );

  it(
    'says that its port is taken, and what to do',
    async () => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      const { port } = holder.address() as AddressInfo;
      const sample = SampleProcess.spawn({
        DATABASE_URL: database.connectionString,
        PORT: String(port),
      });
      started.push(sample);
      const { code, output } = await sample.exited;
      expect(code).toBe(1);
      expect(output).toContain(`Port ${port} is taken`);
      expect(output).toContain(`PORT=${port + 1} npm start`);
      expect(output).not.toMatch(/^\s+at /m);
      await new Promise((resolve) => holder.close(resolve));
    },
    TIME,
  );

  it.each(['http', '-1', '70000'])('refuses PORT=%s', async (port) => {
    const sample = SampleProcess.spawn({ DATABASE_URL: database.connectionString, PORT: port });
    started.push(sample);
    const { code, output } = await sample.exited;
    expect(code).toBe(1);
    expect(output).toContain(`PORT is "${port}"`);
  });
});
