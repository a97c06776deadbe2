import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { INestApplicationContext, LoggerService, ModuleMetadata } from '@nestjs/common';
import { Client, Pool, type PoolConfig, type QueryResultRow } from 'pg';
import { type RunningStore, startApp, startStore, type StoreOptions } from './app.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import {
  type PostgresServer,
  type PostgresServerOptions,
  startPostgres,
} from './postgres-server.js';

type Release = () => unknown;

interface Opened {
  database: TestDatabase;
  server?: PostgresServer;
}

/**
 * What a test file needs: a database, and an end for all that it opens. What a test opens ends after
 * the test, what `beforeAll` opens after the last one.
 */
export class Harness {
  private database?: TestDatabase;
  private ownServer?: PostgresServer;
  private admin?: Pool;
  private inTest = false;
  private readonly ofTest: Release[] = [];
  private readonly ofFile: Release[] = [];

  /** A schema of its own on the server of all tests. */
  static use(): Harness {
    return Harness.register(async () => ({ database: await createTestDatabase() }));
  }

  /** A server of its own, which tests may kill, fill and search as a whole. */
  static useServer(options?: PostgresServerOptions): Harness {
    return Harness.register(async () => {
      const server = await startPostgres(options);
      const { connectionString } = server;
      const close = () => server.remove();
      return { server, database: { connectionString, schema: 'public', close } };
    });
  }

  private static register(open: () => Promise<Opened>): Harness {
    const harness = new Harness();
    beforeAll(async () => {
      const { database, server } = await open();
      harness.database = database;
      harness.ownServer = server;
    });
    beforeEach(() => void (harness.inTest = true));
    afterEach(async () => {
      await release(harness.ofTest);
      harness.inTest = false;
    });
    afterAll(() => harness.close());
    return harness;
  }

  get server(): PostgresServer {
    if (!this.ownServer) throw new Error('only Harness.useServer() has a server of its own');
    return this.ownServer;
  }

  get url(): string {
    return this.opened.connectionString;
  }

  get schema(): string {
    return this.opened.schema;
  }

  /** A connection string that makes its connections findable in `pg_stat_activity`. */
  urlNamed(applicationName: string): string {
    const url = new URL(this.url);
    url.searchParams.set('application_name', applicationName);
    return url.href.replaceAll('+', '%20');
  }

  /** A table name no other test uses: advisory locks are shared by the whole database. */
  table(): string {
    return `s_${randomBytes(6).toString('hex')}`;
  }

  /** A database of its own, for as long as the test or the file lasts; resolves to its connection string. */
  async createDatabase(options = ''): Promise<string> {
    const name = `database_${this.table()}`;
    await this.sql(`CREATE DATABASE ${name} ${options}`);
    this.onEnd(() => this.sql(`DROP DATABASE ${name} WITH (FORCE)`));
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    url.searchParams.delete('options');
    return url.href;
  }

  /** Runs a statement past the store. */
  async sql<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<R[]> {
    this.admin ??= this.openAdmin();
    return (await this.admin.query<R>(text, values)).rows;
  }

  /** A connection of the test's own, for transactions that stay open. */
  async connect(url = this.url): Promise<Client> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    this.onEnd(() => client.end());
    return client;
  }

  pool(config: PoolConfig = {}): Pool {
    const pool = new Pool({ connectionString: this.url, ...config });
    this.onEnd(() => (pool.ended ? undefined : pool.end()));
    return pool;
  }

  /** Starts an application of these modules, and closes it at the end. */
  async start(metadata: ModuleMetadata, logger?: LoggerService): Promise<INestApplicationContext> {
    const app = await startApp(metadata, logger);
    this.onEnd(() => app.close());
    return app;
  }

  /** Starts a store, on the harness's database unless the options say otherwise. */
  async startStore(options: StoreOptions = {}, logger?: LoggerService): Promise<RunningStore> {
    const target = options.pool ? {} : { connection: this.url };
    const running = await startStore({ ...target, ...options }, logger);
    this.onEnd(() => running.close());
    return running;
  }

  /** The last one first. */
  onEnd(release: Release): void {
    (this.inTest ? this.ofTest : this.ofFile).push(release);
  }

  private get opened(): TestDatabase {
    if (!this.database) throw new Error('the database is there from beforeAll on');
    return this.database;
  }

  private openAdmin(): Pool {
    const pool = new Pool({ connectionString: this.url, max: 4 });
    // Tests end servers and connections on purpose.
    pool.on('error', () => undefined);
    return pool;
  }

  private async close(): Promise<void> {
    await release(this.ofFile);
    await this.admin?.end();
    await this.database?.close();
  }
}

async function release(releases: Release[]): Promise<void> {
  for (let next = releases.pop(); next; next = releases.pop()) await next();
}
