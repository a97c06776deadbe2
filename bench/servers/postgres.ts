import { waitFor } from '../../test/support/conditions.js';
import { PostgresServer } from '../../tools/postgres/postgres-server.js';
import { withClient } from '../systems/client.js';
import type { Server } from './server.js';

/** PostgreSQL 18; where `durable`, with its own defaults. `settings` are added to them. */
export async function startServer(
  durable: boolean,
  settings?: Record<string, string>,
): Promise<Server> {
  const server = await PostgresServer.create({ durable, settings });
  const { connectionString: url, pid } = server;
  if (pid === undefined) throw new Error('PostgreSQL has no process');
  return {
    url,
    pid,
    async stop() {
      await waitUntilAlone(url);
      await server.stop();
    },
  };
}

/** A pool has ended before its connections have; one that the server cuts off throws an error. */
function waitUntilAlone(url: string): Promise<boolean> {
  return withClient(url, (client) =>
    waitFor(
      async () => {
        const { rows } = await client.query<{ others: number }>(
          `SELECT count(*)::int AS others FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
        );
        return rows[0]?.others === 0;
      },
      { what: 'the end of all connections' },
    ),
  );
}
