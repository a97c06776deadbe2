import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { waitFor } from '../../support/conditions.js';
import { freePort } from '../../../tools/free-port.js';
import { handOver, serverAccount } from '../../../tools/postgres/account.js';
import { temporaryFolder } from '../../../tools/temporary-folder.js';

/** A pgpool-II of the tests' own in front of a primary and its standby. */
export class Pgpool {
  private constructor(
    private readonly process: ChildProcess,
    readonly connectionString: string,
  ) {}

  /** Balanced reads all go to the standby, as a part of them does by default. */
  static async start(
    binary: string,
    [primary, standby]: readonly [number, number],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Pgpool> {
    const folder = await temporaryFolder('pgpool-');
    const port = await freePort();
    const config = await writeConfig(folder, {
      backend_clustering_mode: 'streaming_replication',
      listen_addresses: '127.0.0.1',
      port: String(port),
      socket_dir: folder,
      pcp_listen_addresses: '127.0.0.1',
      pcp_port: String(await freePort()),
      pcp_socket_dir: folder,
      backend_hostname0: '127.0.0.1',
      backend_port0: String(primary),
      backend_weight0: '0',
      backend_hostname1: '127.0.0.1',
      backend_port1: String(standby),
      backend_weight1: '1',
      load_balance_mode: 'on',
      sr_check_user: 'postgres',
      pid_file_name: join(folder, 'pgpool.pid'),
      logdir: folder,
      num_init_children: '20',
      ...settings,
    });
    const child = spawn(binary, ['-n', '-f', config, '-F', join(folder, 'pcp.conf')], {
      ...serverAccount(),
      stdio: 'ignore',
    });
    const pgpool = new Pgpool(child, `postgresql://postgres@127.0.0.1:${port}/postgres`);
    await waitFor(() => pgpool.answers(), { what: 'pgpool', timeout: 20_000 });
    return pgpool;
  }

  async stop(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGINT');
    await exited;
  }

  private async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.connectionString });
    await client.connect();
    await client.query('SELECT 1');
    await client.end();
    return true;
  }
}

async function writeConfig(
  folder: string,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const config = join(folder, 'pgpool.conf');
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  await writeFile(config, `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'pcp.conf'), '');
  await chmod(folder, 0o755);
  for (const name of ['', 'pgpool.conf', 'pcp.conf']) {
    await handOver(join(folder, name), serverAccount());
  }
  return config;
}
