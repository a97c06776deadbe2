import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { handOver, serverAccount, type Account } from './account.js';
import { binariesOf, type EmbeddedVersion } from './binaries.js';
import { readPidFile } from './postmaster.js';

const SUPERUSER = 'postgres';
const READY_TIMEOUT = 60_000;
/** Only this machine is listened to; no socket file, whose path may be too long. */
const LOCAL_ONLY = { listen_addresses: '127.0.0.1', unix_socket_directories: '' };

/** Settings as in postgresql.conf. */
export type Settings = Readonly<Record<string, string>>;

export interface LaunchOptions {
  port: number;
  settings?: Settings;
  /** In a session of its own, so that a Ctrl-C in the terminal does not reach it. */
  detached?: boolean;
}

/** PostgreSQL ended before it took connections; the message has what it logged. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

/** The data of one PostgreSQL server, with its log, in a folder. */
export class Cluster {
  private constructor(
    readonly folder: string,
    /** Folder of `initdb` and `postgres`. */
    private readonly binaries: string,
    private readonly account: Account,
  ) {}

  /** Prepares the folder, which is there already. */
  static async in(folder: string, version: EmbeddedVersion): Promise<Cluster> {
    const account = serverAccount(folder);
    await handOver(folder, account);
    return new Cluster(folder, await binariesOf(version, folder), account);
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  get logFile(): string {
    return join(this.folder, 'server.log');
  }

  connectionString(port: number, password: string): string {
    return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
  }

  /** Writes a file that belongs to the server's account. */
  async writeFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
    await writeFile(path, content, { mode });
    await handOver(path, this.account);
  }

  /** Makes the data once. Only complete ones get their name, so an interrupted run does no harm. */
  async initialise(passwordFile: string, { sync = true } = {}): Promise<void> {
    if (existsSync(this.dataDir)) return;
    const unfinished = `${this.dataDir}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    await handOver(unfinished, this.account);
    await promisify(execFile)(
      join(this.binaries, 'initdb'),
      [
        `--pgdata=${unfinished}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        ...(sync ? [] : ['--no-sync']),
      ],
      { ...this.account, cwd: this.folder },
    );
    await rename(unfinished, this.dataDir);
  }

  /** Resolves to the postmaster once it takes connections. */
  async launch(options: LaunchOptions): Promise<ChildProcess> {
    const logged = (await this.log().catch(() => '')).length;
    const child = await this.spawn(options);
    const deadline = performance.now() + READY_TIMEOUT;
    while (!hasExited(child) && !(await this.isReady(child))) {
      if (performance.now() > deadline) {
        child.kill('SIGQUIT');
        throw new LaunchError(`PostgreSQL did not get ready within ${READY_TIMEOUT} ms`);
      }
      await delay(20);
    }
    if (!hasExited(child)) return child;
    throw new LaunchError(`PostgreSQL did not start:\n${(await this.log()).slice(logged)}`);
  }

  /** What the server has logged so far. */
  log(): Promise<string> {
    return readFile(this.logFile, 'utf8');
  }

  private async spawn({ port, settings, detached = false }: LaunchOptions): Promise<ChildProcess> {
    const log = await open(this.logFile, 'a');
    const flags = Object.entries({ ...LOCAL_ONLY, ...settings }).map(
      ([name, value]) => `--${name}=${value}`,
    );
    const child = spawn(
      join(this.binaries, 'postgres'),
      ['-D', this.dataDir, '-p', String(port), ...flags],
      { ...this.account, cwd: this.folder, stdio: ['ignore', log.fd, log.fd], detached },
    );
    await once(child, 'spawn');
    await log.close();
    // No program stays alive for its server's sake.
    child.unref();
    return child;
  }

  private async isReady({ pid }: ChildProcess): Promise<boolean> {
    const postmaster = await readPidFile(this.dataDir);
    return postmaster !== undefined && postmaster.pid === pid && postmaster.isReady;
  }
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
