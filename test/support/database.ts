import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A schema that stays locked is a connection that a test leaked: told, not waited for. */
const DROP_LOCK_TIMEOUT = 10_000;

export interface TestDatabase {
  /** Leads into the schema: unqualified names resolve there, whatever the client. */
  connectionString: string;
  schema: string;
  /** Drops the schema with all that is in it. */
  close: () => Promise<void>;
}

/** A schema of its own on the tests' server. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = serverUrl();
  const schema = `test_${randomBytes(6).toString('hex')}`;
  await run(server, `CREATE SCHEMA ${schema}`);
  return {
    connectionString: withSearchPath(server, schema),
    schema,
    close: () =>
      run(server, `SET lock_timeout = ${DROP_LOCK_TIMEOUT}; DROP SCHEMA ${schema} CASCADE`),
  };
}

function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('No database: run this by jest, whose global setup provides one');
  return url;
}

function withSearchPath(server: string, schema: string): string {
  const url = new URL(server);
  const before = url.searchParams.get('options');
  const option = `-c search_path=${schema}`;
  url.searchParams.set('options', before ? `${before} ${option}` : option);
  // A form's `+` for a space is unknown to libpq.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

async function run(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
