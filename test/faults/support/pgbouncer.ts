import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../support/conditions.js';
import { freePort } from '../../../tools/free-port.js';
import { handOver, serverAccount } from '../../../tools/postgres/account.js';
import type { PostgresServer } from '../../support/postgres-server.js';
import { temporaryFolder } from '../../../tools/temporary-folder.js';

export type PoolMode = 'transaction' | 'session' | 'statement';

/** A PgBouncer of the tests' own in front of a server. */
export class PgBouncer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    readonly connectionString: string,
  ) {}

  static async start(binary: string, server: PostgresServer, mode: PoolMode): Promise<PgBouncer> {
    const folder = await temporaryFolder('pgbouncer-');
    const port = await freePort();
    const config = await writeConfig(folder, server, port, mode);
    const child = spawn(binary, [config], { ...serverAccount(), stdio: 'ignore' });
    const url = new URL(server.connectionString);
    url.port = String(port);
    const bouncer = new PgBouncer(child, folder, url.href);
    await waitFor(() => bouncer.log().then((log) => log.includes('process up')), {
      what: 'pgbouncer',
    });
    return bouncer;
  }

  log(): Promise<string> {
    return readFile(join(this.folder, 'pgbouncer.log'), 'utf8');
  }

  async stop(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await exited;
  }
}

async function writeConfig(
  folder: string,
  server: PostgresServer,
  port: number,
  mode: PoolMode,
): Promise<string> {
  const { username, password, port: serverPort } = new URL(server.connectionString);
  const users = join(folder, 'users.txt');
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(users, `"${username}" "${password}"\n`);
  const lines = [
    '[databases]',
    `postgres = host=127.0.0.1 port=${serverPort} dbname=postgres`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${users}`,
    `pool_mode = ${mode}`,
    'max_client_conn = 200',
    'default_pool_size = 40',
    `logfile = ${join(folder, 'pgbouncer.log')}`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  await chmod(folder, 0o755);
  for (const path of [folder, users, config]) await handOver(path, serverAccount());
  return config;
}
