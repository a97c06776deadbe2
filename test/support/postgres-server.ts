import { isEmbedded } from '../../tools/postgres/binaries.js';
import {
  PostgresServer,
  type PostgresServerOptions,
} from '../../tools/postgres/postgres-server.js';

export type { PostgresServer, PostgresServerOptions };

/** The major version to test on. */
export function requestedVersion(): number {
  return Number(process.env.TEST_POSTGRES_VERSION ?? 18);
}

/** A server of the test's own, of the version to test on; of 18 if that one is not embedded. */
export function startPostgres(options?: PostgresServerOptions): Promise<PostgresServer> {
  const requested = requestedVersion();
  return PostgresServer.create({
    version: isEmbedded(requested) ? requested : undefined,
    ...options,
  });
}
