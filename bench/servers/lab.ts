import { startServer } from './postgres.js';
import { startRedis } from './redis.js';
import type { Server } from './server.js';

type Release = () => Promise<unknown>;

/** Whatever an experiment opens; all of it is closed when the experiment ends, the last first. */
export class Lab {
  readonly #releases: Release[] = [];

  /** `durable`: the servers keep PostgreSQL's own defaults; else they spare the disk. */
  constructor(private readonly durable: boolean) {}

  async postgres(settings?: Record<string, string>): Promise<Server> {
    return this.#keep(await startServer(this.durable, settings));
  }

  async redis(persistence: 'volatile' | 'durable'): Promise<Server> {
    return this.#keep(await startRedis(persistence));
  }

  defer(release: Release): void {
    this.#releases.push(release);
  }

  async close(): Promise<void> {
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      await release();
    }
  }

  #keep(server: Server): Server {
    this.defer(() => server.stop());
    return server;
  }
}
