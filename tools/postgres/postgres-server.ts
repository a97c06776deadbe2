import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { temporaryFolder } from '../temporary-folder.js';
import type { EmbeddedVersion } from './binaries.js';
import { Cluster, hasExited, LaunchError, type Settings } from './cluster.js';

const PASSWORD = 'postgres';
const RELEASE_TIMEOUT = 60_000;
/** Nothing reaches the disk for sure: for tests that never look at what a crash leaves. */
const FAST_SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
/** The children of a killed postmaster keep its shared memory for a moment. */
const HELD_BY_KILLED_SERVER = /shared memory block .* still in use/;

export interface PostgresServerOptions {
  /** Major version. Default: 18. */
  version?: EmbeddedVersion;
  /** `true` keeps PostgreSQL's own defaults; `false` trades durability for speed. Default: false. */
  durable?: boolean;
  settings?: Settings;
  /** Default: a free one. It stays the same over restarts. */
  port?: number;
}

/**
 * A PostgreSQL server of this process alone, on data that go with it. One that nobody removed ends
 * itself within a minute of this process, as its data are gone then.
 */
export class PostgresServer {
  #process?: ChildProcess;
  #settings: Settings;

  private constructor(
    private readonly cluster: Cluster,
    readonly port: number,
    settings: Settings,
  ) {
    this.#settings = settings;
  }

  static async create(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const { version = 18, durable = false, settings = {}, port = await freePort() } = options;
    const cluster = await Cluster.in(await temporaryFolder('postgres-server-'), version);
    const server = new PostgresServer(cluster, port, {
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
    return this.cluster.connectionString(this.port, PASSWORD);
  }

  /** Of the postmaster; undefined while the server is down. */
  get pid(): number | undefined {
    return this.#process && !hasExited(this.#process) ? this.#process.pid : undefined;
  }

  /** What the server has logged so far. */
  log(): Promise<string> {
    return this.cluster.log();
  }

  /** Puts a file into the data folder, owned by the server: keys, certificates, pg_hba.conf. */
  async writeFile(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
    const path = join(this.cluster.dataDir, name);
    await this.cluster.writeFile(path, content, mode);
    return path;
  }

  /** Starts on the kept data; `settings` are added to those of before. Resolves once it answers. */
  async start(settings: Settings = {}): Promise<void> {
    if (this.pid !== undefined) throw new Error('the server runs already');
    this.#settings = { ...this.#settings, ...settings };
    const deadline = performance.now() + RELEASE_TIMEOUT;
    while (!(await this.#launch())) {
      if (performance.now() > deadline) throw new Error('the killed server does not let go');
      await delay(50);
    }
  }

  /** Ends the postmaster as a crash would (`kill -9`); the data stay for `start()`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it in good order, its clients with it; the data stay for `start()`. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Ends it for good and removes its data. */
  async remove(): Promise<void> {
    await this.#end('SIGQUIT');
    await rm(this.cluster.folder, { recursive: true, force: true });
  }

  async #initialise(durable: boolean): Promise<void> {
    const passwordFile = join(this.cluster.folder, 'password');
    await this.cluster.writeFile(passwordFile, PASSWORD);
    await this.cluster.initialise(passwordFile, { sync: durable });
  }

  /** One try to bring the postmaster up; false when a killed one still holds the data. */
  async #launch(): Promise<boolean> {
    try {
      this.#process = await this.cluster.launch({ port: this.port, settings: this.#settings });
      return true;
    } catch (error) {
      if (error instanceof LaunchError && HELD_BY_KILLED_SERVER.test(error.message)) return false;
      throw error;
    }
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
