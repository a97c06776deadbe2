import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { SampleProcess } from './sample-process.js';
import { Visitor } from './visitor.js';

export const TABLE = 'celeris_sessions';

export function freshName(): string {
  return `ada-${randomBytes(4).toString('hex')}`;
}

/** A running sample, and a look behind it into its database. */
export class SampleFixture {
  private constructor(
    private readonly database: TestDatabase,
    readonly sql: Client,
    readonly sample: SampleProcess,
  ) {}

  static async start(): Promise<SampleFixture> {
    const database = await createTestDatabase();
    const { connectionString } = database;
    const sql = new Client({ connectionString });
    await sql.connect();
    const sample = await SampleProcess.start({ DATABASE_URL: connectionString });
    return new SampleFixture(database, sql, sample);
  }

  async stop(): Promise<void> {
    await this.sample.stop();
    await this.sql.end();
    await this.database.close();
  }

  /** Somebody who has not been here yet. */
  visitor(headers?: Record<string, string>): Visitor {
    return new Visitor(this.sample.url, headers);
  }

  /** Somebody with an account, signed in. */
  async signedUp(headers?: Record<string, string>): Promise<Visitor & { name: string }> {
    const name = freshName();
    const person = Object.assign(this.visitor(headers), { name });
    const { status, body } = await person.signUp(name);
    if (status !== 303) throw new Error(`The sign-up was answered with ${status}: ${body}`);
    return person;
  }
}
