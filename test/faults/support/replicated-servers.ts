import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { waitFor } from '../../support/conditions.js';
import { freePort } from '../../../tools/free-port.js';
import { handOver, serverAccount } from '../../../tools/postgres/account.js';
import { temporaryFolder } from '../../../tools/temporary-folder.js';

const run = promisify(execFile);
/** Of a full installation of the system's: the embedded one has no pg_basebackup. */
export const REPLICATION_TOOLS = ['initdb', 'postgres', 'pg_basebackup'] as const;
export type ReplicationTools = Record<(typeof REPLICATION_TOOLS)[number], string>;

class Node {
  private process?: ChildProcess;

  constructor(
    private readonly binary: string,
    readonly dataDir: string,
    readonly port: number,
  ) {}

  get connectionString(): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/postgres`;
  }

  async start(settings: Record<string, string>): Promise<void> {
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const args = ['-D', this.dataDir, '-p', String(this.port), ...flags];
    this.process = spawn(this.binary, args, { ...serverAccount(), stdio: 'ignore' });
    await waitFor(() => this.query('SELECT 1'), { timeout: 20_000, what: 'a server that answers' });
  }

  async query(sql: string): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: this.connectionString });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** A primary and a standby that streams from it; each commit waits until the standby has applied it. */
export class ReplicatedServers {
  private constructor(
    private readonly tools: ReplicationTools,
    readonly primary: Node,
    readonly standby: Node,
  ) {}

  static async start(tools: ReplicationTools): Promise<ReplicatedServers> {
    const folder = await temporaryFolder('replicated-');
    await chmod(folder, 0o755);
    const [first, second] = [await ownFolder(folder, 'a'), await ownFolder(folder, 'b')];
    const servers = new ReplicatedServers(
      tools,
      new Node(tools.postgres, first, await freePort()),
      new Node(tools.postgres, second, await freePort()),
    );
    await servers.raise();
    return servers;
  }

  async promote(): Promise<void> {
    // Without this the new primary would wait for a standby of its own.
    await this.standby
      .query("ALTER SYSTEM SET synchronous_standby_names = ''")
      .catch(() => undefined);
    await this.standby.query('SELECT pg_promote(true, 30)');
  }

  async stop(): Promise<void> {
    await this.primary.kill('SIGQUIT');
    await this.standby.kill('SIGQUIT');
  }

  private async raise(): Promise<void> {
    const { primary, standby, tools } = this;
    await run(
      tools.initdb,
      [
        `--pgdata=${primary.dataDir}`,
        '--username=postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
      ],
      serverAccount(),
    );
    const common = { listen_addresses: '127.0.0.1', unix_socket_directories: '' };
    await primary.start({
      ...common,
      synchronous_commit: 'remote_apply',
      synchronous_standby_names: '*',
    });
    await run(
      tools.pg_basebackup,
      [
        '-h',
        '127.0.0.1',
        '-p',
        String(primary.port),
        '-U',
        'postgres',
        '-D',
        standby.dataDir,
        '-R',
        '-c',
        'fast',
      ],
      serverAccount(),
    );
    await standby.start(common);
    const streams =
      "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'";
    await waitFor(async () => (await primary.query(streams)).rowCount, { what: 'replication' });
  }
}

async function ownFolder(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { mode: 0o700 });
  await handOver(path, serverAccount());
  return path;
}
