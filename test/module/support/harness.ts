import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { INestApplicationContext, LoggerService, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Client, Pool, type PoolConfig, type QueryResultRow } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { LogCapture } from './log.js';

type Release = () => unknown;

/** What a test file needs: a schema of its own, and an end for all that its tests open. */
export class Harness {
  private database?: TestDatabase;
  private readonly releases: Release[] = [];
  private readonly lastReleases: Release[] = [];
  private admin?: Pool;

  static use(): Harness {
    const harness = new Harness();
    beforeAll(() => harness.open());
    afterEach(() => release(harness.releases));
    afterAll(() => harness.close());
    return harness;
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

  /** Runs a statement past the store. */
  async sql<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<R[]> {
    this.admin ??= new Pool({ connectionString: this.url, max: 4 });
    return (await this.admin.query<R>(text, values)).rows;
  }

  /** A connection of the test's own, for transactions that stay open. */
  async connect(url = this.url): Promise<Client> {
    const client = new Client({ connectionString: url });
    // Tests terminate backends on purpose.
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

  /** Starts an application, and closes it after the test. Rejects where it would not start. */
  async start(
    metadata: ModuleMetadata,
    logger: LoggerService = new LogCapture(),
  ): Promise<INestApplicationContext> {
    class TestAppModule {}
    const app = await NestFactory.createApplicationContext(
      { module: TestAppModule, ...metadata },
      { logger, abortOnError: false },
    );
    this.onEnd(() => app.close());
    return app;
  }

  /** The last one first, after the test. */
  onEnd(release: Release): void {
    this.releases.push(release);
  }

  /** After the last test of the file. */
  onClose(release: Release): void {
    this.lastReleases.push(release);
  }

  private get opened(): TestDatabase {
    if (!this.database) throw new Error('the database is there from beforeAll on');
    return this.database;
  }

  private async open(): Promise<void> {
    this.database = await createTestDatabase();
  }

  private async close(): Promise<void> {
    await release(this.lastReleases);
    await this.admin?.end();
    await this.database?.close();
  }
}

async function release(releases: Release[]): Promise<void> {
  for (let next = releases.pop(); next; next = releases.pop()) await next();
}
