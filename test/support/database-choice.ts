import { EMBEDDED_VERSIONS, isEmbedded } from '../../tools/postgres/binaries.js';
import { startContainer } from './postgres-container.js';
import { requestedVersion, startPostgres } from './postgres-server.js';

export interface ProvidedDatabase {
  connectionString: string;
  /** Where it comes from, for people to read. */
  source: string;
  release: () => Promise<void>;
}

/** The one place that decides on which PostgreSQL the tests run. */
export async function provideDatabase(): Promise<ProvidedDatabase> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    return {
      connectionString: given,
      source: `the server of TEST_DATABASE_URL (${new URL(given).host})`,
      release: () => Promise.resolve(),
    };
  }
  const version = requestedVersion();
  return (await startContainer(version)) ?? startEmbedded(version);
}

async function startEmbedded(version: number): Promise<ProvidedDatabase> {
  if (!isEmbedded(version)) {
    throw new Error(
      `TEST_POSTGRES_VERSION=${version} needs Docker; without it: ${EMBEDDED_VERSIONS.join(', ')}`,
    );
  }
  // Test files open many pools, and a leaked connection should fail its own test only.
  const server = await startPostgres({ version, settings: { max_connections: '300' } });
  return {
    connectionString: server.connectionString,
    source: `embedded PostgreSQL ${version} on port ${server.port}`,
    release: () => server.remove(),
  };
}
