import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { freePort } from '../free-port.js';
import { isOpenToAll, isRoot } from './account.js';
import { Cluster } from './cluster.js';
import { runningPostmaster } from './postmaster.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const VERSION = 18;
const ATTEMPTS = 10;
const PAUSE = 500;
const STOP_TIMEOUT = 60_000;
/** Marks the connection that each program holds for as long as it uses the server. */
const PRESENCE = 'embedded server in use';

/**
 * A PostgreSQL server on data that stay, in a session of its own. Programs that run at the same time
 * share it, and the last one ends it.
 */
export class SharedServer {
  private constructor(
    private readonly cluster: Cluster,
    readonly connectionString: string,
    private readonly presence: Client,
  ) {}

  static async open(folder: string): Promise<SharedServer> {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const cluster = await Cluster.in(folder, VERSION);
    const password = await makeData(cluster);
    try {
      // A server on its way up or down needs a moment, and after a crash its children do.
      return await retried(() => SharedServer.joinOrStart(cluster, password));
    } catch (error) {
      if (!(await runningPostmaster(cluster.dataDir))) throw error;
      // One that runs and does not answer is in nobody's use.
      await stop(cluster);
      return SharedServer.joinOrStart(cluster, password);
    }
  }

  async close(): Promise<void> {
    const others = await this.countOthers().catch(() => 0);
    await this.presence.end().catch(() => undefined);
    if (others === 0) await stop(this.cluster);
  }

  private static async joinOrStart(cluster: Cluster, password: string): Promise<SharedServer> {
    const port = (await runningPostmaster(cluster.dataDir))?.port ?? (await start(cluster));
    const url = `${cluster.connectionString(port, password)}?sslmode=disable`;
    return new SharedServer(cluster, url, await connect(url));
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

/** In the repository, or where an account other than root can reach it. */
export async function usualFolder(): Promise<string> {
  if (!isRoot() || (await isOpenToAll(REPOSITORY))) return join(REPOSITORY, '.pgdata');
  const name = createHash('sha256').update(REPOSITORY).digest('hex').slice(0, 12);
  return join('/var/lib', `nestjs-postgres-session-${name}`);
}

/** Resolves to the password of the data, which a random one is made for. */
async function makeData(cluster: Cluster): Promise<string> {
  const passwordFile = join(cluster.folder, 'password');
  if (!existsSync(passwordFile)) {
    await cluster.writeFile(passwordFile, randomBytes(24).toString('base64url'));
  }
  await cluster.initialise(passwordFile);
  return (await readFile(passwordFile, 'utf8')).trim();
}

async function start(cluster: Cluster): Promise<number> {
  const port = await freePort();
  await cluster.launch({ port, detached: true });
  return port;
}

async function stop(cluster: Cluster): Promise<void> {
  const postmaster = await runningPostmaster(cluster.dataDir);
  if (!postmaster) return;
  // A fast shutdown: it ends its clients' connections.
  process.kill(postmaster.pid, 'SIGINT');
  const deadline = performance.now() + STOP_TIMEOUT;
  while (await runningPostmaster(cluster.dataDir)) {
    if (performance.now() > deadline) throw new Error('the embedded PostgreSQL does not stop');
    await delay(20);
  }
}

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({
    connectionString,
    application_name: PRESENCE,
    connectionTimeoutMillis: 5_000,
  });
  // The program notices a lost server by itself; this connection must only not end the process.
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
