import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../support/conditions.js';
import { QUICK_START, SampleProcess } from './sample-process.js';
import { Visitor } from './visitor.js';

const TIME = 60_000;

let folder: string;
const started: SampleProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sample-data-'));
  await chmod(folder, 0o755);
});
afterEach(() => Promise.all(started.splice(0).map((sample) => sample.stop())), TIME);
afterAll(() => rm(folder, { recursive: true, force: true }));

const pidFile = () => join(folder, 'pg', 'data', 'postmaster.pid');
const postmaster = async () => Number((await readFile(pidFile(), 'utf8')).split('\n')[0]);

async function start(main?: string): Promise<SampleProcess> {
  const environment = { EMBEDDED_POSTGRES_DATA: join(folder, 'pg') };
  const sample = await SampleProcess.start(environment, main);
  started.push(sample);
  return sample;
}

/** The same browser, pointed at the sample of another port. */
function reopen(visitor: Visitor, { url }: SampleProcess): Visitor {
  const again = new Visitor(url);
  for (const [name, value] of visitor.cookies) again.cookies.set(name, value);
  return again;
}

describe('the sample on its embedded PostgreSQL', () => {
  let ada: Visitor;

  it(
    'makes the data, and ends the server with itself',
    async () => {
      const sample = await start();
      ada = new Visitor(sample.url);
      expect((await ada.signUp('ada')).status).toBe(303);
      expect((await stat(join(folder, 'pg', 'password'))).mode & 0o077).toBe(0);

      const { code, output } = await sample.stop('SIGINT');
      expect(code).toBe(0);
      expect(output).not.toMatch(/ERROR|WARN/);
      expect(existsSync(pidFile())).toBe(false);
    },
    TIME,
  );

  it(
    'uses the data again',
    async () => {
      expect(await reopen(ada, await start()).isSignedIn()).toBe(true);
    },
    TIME,
  );

  it(
    'is not stopped by a pid file whose process is another one',
    async () => {
      await writeFile(pidFile(), `${process.pid}\n${join(folder, 'pg', 'data')}\n1\n1\n`);
      expect(await reopen(ada, await start()).isSignedIn()).toBe(true);
    },
    TIME,
  );

  it(
    'takes over the server of a sample that was killed',
    async () => {
      const killed = await start();
      const pid = await postmaster();
      await killed.kill();

      const next = await start();
      expect(await postmaster()).toBe(pid);
      expect(await reopen(ada, next).isSignedIn()).toBe(true);
      await next.stop();
      expect(existsSync(pidFile())).toBe(false);
    },
    TIME,
  );

  it(
    'signs nobody out because the server was killed, and starts again after that',
    async () => {
      const killed = await start();
      process.kill(await postmaster(), 'SIGKILL');
      const cut = reopen(ada, killed);
      // The server's children live on for a moment.
      await waitFor(async () => (await cut.get('/sessions')).status === 503, {
        timeout: 20_000,
        what: 'an answer without the store',
      });
      expect(cut.sessionId).toBe(ada.sessionId);
      await killed.kill();
      expect(await reopen(ada, await start()).isSignedIn()).toBe(true);
    },
    TIME,
  );

  it(
    'is shared by samples that run at once, and ended by the last',
    async () => {
      const [first, second] = [await start(), await start()];
      await first.stop();
      expect(await reopen(ada, second).isSignedIn()).toBe(true);
      await second.stop();
      expect(existsSync(pidFile())).toBe(false);
    },
    TIME,
  );
});

describe('the quick start on its embedded PostgreSQL', () => {
  it(
    'serves, and a SIGTERM ends it and the server',
    async () => {
      const program = await start(QUICK_START);
      const { status } = await fetch(`${program.url}/users/ada/sessions`, { method: 'POST' });
      expect(status).toBe(201);
      expect(await program.stop()).toMatchObject({ code: 0, signal: null });
      expect(existsSync(pidFile())).toBe(false);
    },
    TIME,
  );
});
