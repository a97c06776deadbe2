import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { StartupError } from '../startup-error.js';
import { runningPostmaster } from './postmaster.js';
import { initialise, startServer, stopServer, SUPERUSER } from './server-commands.js';
import { prepareServerFiles, readPassword, type ServerFiles } from './server-files.js';

const ATTEMPTS = 10;
const PAUSE = 500;
/** Marks the connection that every running sample holds for as long as it lives. */
const PRESENCE = 'sample presence';

/**
 * A PostgreSQL server of the sample's own, on data that stays. `pg_ctl` starts it in a session of
 * its own, so a Ctrl-C in the terminal reaches this program alone, which ends the server once the
 * store is done with it. Samples that run at the same time share it, and the last one ends it.
 */
export class EmbeddedServer {
  constructor(
    readonly connectionString: string,
    private readonly files: ServerFiles,
    private readonly presence: pg.Client,
  ) {}

  get folder(): string {
    return this.files.folder;
  }

  static async open(): Promise<EmbeddedServer> {
    const files = await prepareServerFiles();
    try {
      const password = await readPassword(files);
      await initialise(files);
      return await serve(files, password);
    } catch (cause) {
      throw new StartupError(await explain(files, cause), { cause });
    }
  }

  async close(): Promise<void> {
    const others = await this.countOthers().catch(() => 0);
    await this.presence.end().catch(() => undefined);
    if (others === 0 && (await runningPostmaster(this.files.data))) await stopServer(this.files);
  }

  private async countOthers(): Promise<number> {
    const { rows } = await this.presence.query<{ others: number }>(
      `SELECT count(*)::int AS others FROM pg_stat_activity
       WHERE application_name = $1 AND pid <> pg_backend_pid()`,
      [PRESENCE],
    );
    return rows[0]?.others ?? 0;
  }
}

async function serve(files: ServerFiles, password: string): Promise<EmbeddedServer> {
  const joinOrStart = async () => {
    const running = await runningPostmaster(files.data);
    const port = running?.port ?? (await startServer(files));
    const url = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres?sslmode=disable`;
    return new EmbeddedServer(url, files, await connect(url));
  };
  try {
    // A server on its way up or down needs a moment, and after a crash its children do.
    return await retried(joinOrStart);
  } catch (error) {
    if (!(await runningPostmaster(files.data))) throw error;
    // One that runs and does not answer is in nobody's use.
    await stopServer(files);
    return await joinOrStart();
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    application_name: PRESENCE,
    connectionTimeoutMillis: 5_000,
  });
  // The pool tells of a lost server; this connection must only not end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; left > 0; left--) {
    try {
      return await attempt();
    } catch {
      await delay(PAUSE);
    }
  }
  return attempt();
}

async function explain(files: ServerFiles, cause: unknown): Promise<string> {
  const { stderr, message } = cause as Error & { stderr?: string };
  const log = await readFile(files.log, 'utf8').catch(() => '');
  return [
    `The embedded PostgreSQL in ${files.folder} did not start: ${(stderr || message).trim()}`,
    ...log.split('\n').filter(Boolean).slice(-5),
    'Where the folder belongs to another user or another version of PostgreSQL, remove it (its',
    'accounts and sessions go with it), or set DATABASE_URL to a server of yours.',
  ].join('\n');
}
