import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { waitFor } from './conditions.js';
import { freePort } from './ports.js';
import {
  binariesOf,
  isEmbedded,
  requestedVersion,
  serverOwner,
  type EmbeddedVersion,
  type Owner,
} from './postgres-binaries.js';
import { temporaryFolder } from './temporary.js';

const PASSWORD = 'postgres';
const START_TIMEOUT = 60_000;
/** Nothing reaches the disk for sure: for tests that never look at what a crash leaves. */
const FAST_SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
/** The children of a killed postmaster keep its shared memory for a moment. */
const HELD_BY_KILLED_SERVER = /shared memory block .* still in use/;

export interface PostgresServerOptions {
  /** Major version. Default: the one under test where it is embedded, else 18. */
  version?: EmbeddedVersion;
  /** `true` keeps PostgreSQL's own defaults; `false` trades durability for speed. Default: false. */
  durable?: boolean;
  /** Settings as in postgresql.conf. */
  settings?: Record<string, string>;
  /** Default: a free one. It stays the same over restarts. */
  port?: number;
}

/**
 * A real PostgreSQL server of the tests' own, listening on 127.0.0.1 only. One that nobody removed
 * ends itself within a minute of this process, as its data are gone then.
 */
export class PostgresServer {
  #process?: ChildProcess;
  readonly #settings: Record<string, string>;

  private constructor(
    /** Holds the data and the log. */
    readonly folder: string,
    readonly port: number,
    private readonly binaries: string,
    private readonly owner: Owner,
    settings: Record<string, string>,
  ) {
    this.#settings = settings;
  }

  static async create(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const {
      version = defaultVersion(),
      durable = false,
      settings = {},
      port = await freePort(),
    } = options;
    const folder = await temporaryFolder('postgres-server-');
    const server = new PostgresServer(folder, port, await binariesOf(version), serverOwner(), {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      ...(durable ? {} : FAST_SETTINGS),
      ...settings,
    });
    try {
      await server.#initialise(durable);
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  get connectionString(): string {
    return `postgresql://postgres:${PASSWORD}@127.0.0.1:${this.port}/postgres`;
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  /** Of the postmaster; undefined while the server is down. */
  get pid(): number | undefined {
    return this.#process && !hasExited(this.#process) ? this.#process.pid : undefined;
  }

  /** What the server has logged so far. */
  log(): Promise<string> {
    return readFile(this.#logFile, 'utf8');
  }

  /** Puts a file into the data folder, owned by the server: keys, certificates, pg_hba.conf. */
  async writeFile(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
    const path = join(this.dataDir, name);
    await writeFile(path, content, { mode });
    if (this.owner.uid !== undefined) await chown(path, this.owner.uid, this.owner.gid ?? -1);
    return path;
  }

  /** Starts on the kept data; `settings` are added to those of before. Resolves once it answers. */
  async start(settings: Record<string, string> = {}): Promise<void> {
    if (this.pid !== undefined) throw new Error('the server runs already');
    Object.assign(this.#settings, settings);
    const deadline = performance.now() + START_TIMEOUT;
    while (!(await this.#launch())) {
      if (performance.now() > deadline) throw new Error('the killed server does not let go');
      await delay(50);
    }
  }

  /** Ends the postmaster as a crash would (`kill -9`); the data stays for `start()`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it in good order, its clients with it; the data stays for `start()`. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Ends it for good and removes its data. */
  async remove(): Promise<void> {
    await this.#end('SIGQUIT');
    await rm(this.folder, { recursive: true, force: true });
  }

  get #logFile(): string {
    return join(this.folder, 'server.log');
  }

  async #initialise(durable: boolean): Promise<void> {
    // The server's owner must get through to its data.
    await chmod(this.folder, 0o755);
    const passwordFile = join(this.folder, 'password');
    await writeFile(passwordFile, PASSWORD);
    await mkdir(this.dataDir);
    if (this.owner.uid !== undefined) {
      await chown(this.dataDir, this.owner.uid, this.owner.gid ?? -1);
    }
    await promisify(execFile)(
      join(this.binaries, 'initdb'),
      [
        `--pgdata=${this.dataDir}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
        ...(durable ? [] : ['--no-sync']),
      ],
      this.owner,
    );
  }

  /** One try to bring the postmaster up; false when a killed one still holds the data. */
  async #launch(): Promise<boolean> {
    const logged = (await readFile(this.#logFile, 'utf8').catch(() => '')).length;
    const child = this.#spawn();
    await waitFor(() => hasExited(child) || this.#isReady(child), {
      timeout: START_TIMEOUT,
      interval: 20,
      what: 'a server that answers',
    });
    if (!hasExited(child)) return true;
    this.#process = undefined;
    const message = (await this.log()).slice(logged);
    if (HELD_BY_KILLED_SERVER.test(message)) return false;
    throw new Error(`PostgreSQL did not start:\n${message}`);
  }

  #spawn(): ChildProcess {
    const log = openSync(this.#logFile, 'a');
    const settings = Object.entries(this.#settings).map(([name, value]) => `--${name}=${value}`);
    const child = spawn(
      join(this.binaries, 'postgres'),
      ['-D', this.dataDir, '-p', String(this.port), ...settings],
      { ...this.owner, stdio: ['ignore', log, log] },
    );
    closeSync(log);
    // Neither a test nor a script stays alive for its server's sake.
    child.unref();
    this.#process = child;
    return child;
  }

  /** The postmaster notes in its pid file when it takes connections. */
  async #isReady({ pid }: ChildProcess): Promise<boolean> {
    const lines = (await readFile(join(this.dataDir, 'postmaster.pid'), 'utf8')).split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || hasExited(child)) return;
    child.ref();
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

function defaultVersion(): EmbeddedVersion {
  const requested = requestedVersion();
  return isEmbedded(requested) ? requested : 18;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export function startPostgres(options?: PostgresServerOptions): Promise<PostgresServer> {
  return PostgresServer.create(options);
}
