import type { Backend, Connection } from './connection.js';
import { boolean, statement, type Statement } from '../sql/statement.js';

/**
 * A plan made while the table was empty stays with its statement as the table grows, and reads the whole
 * table for one key. Every statement of ours has an index to go by, so other plans are ruled out. Without
 * JIT, which a statement as short as ours never earns back.
 */
const PLAN_SETTINGS: Readonly<Record<string, string>> = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
};

/** How long the server is given to end a process, in milliseconds. */
const TERMINATE_WITHIN_MS = 500;

/**
 * Finds out whether the server itself is at the other end: a pooler hands out process ids of its own.
 * On a connection that is ours alone and direct, sets what holds for all statements, in the same trip.
 */
export async function openSession(
  connection: Connection,
  owned: boolean,
  operationTimeout: number | undefined,
): Promise<{ settingsHold: boolean }> {
  const settings = Object.entries({
    ...PLAN_SETTINGS,
    ...(operationTimeout === undefined ? {} : { statement_timeout: String(operationTimeout) }),
  });
  const pid = processId(connection);
  const direct = `pg_backend_pid() = ${pid}`;
  const set = settings.map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const { rows } = await connection.client.query<{ started_at: string | null }>(
    `SELECT (SELECT extract(epoch FROM backend_start)::text FROM pg_stat_activity
       WHERE pid = pg_backend_pid() AND ${direct}) AS started_at
     ${owned ? `, CASE WHEN ${direct} THEN concat(${set.join(', ')}) END AS settings` : ''}`,
  );
  const startedAt = rows[0].started_at;
  if (startedAt !== null) {
    connection.backend = { pid, startedAt };
  }
  return { settingsHold: owned && connection.backend !== undefined };
}

/**
 * Where settings may not outlast a transaction, because the connection is shared, a plan is made in one,
 * by running the statement once in a way that finds nothing.
 */
export async function warmPlan(connection: Connection, warmed: Statement): Promise<void> {
  const settings = Object.entries(PLAN_SETTINGS).map(
    ([name, value]) => `SET LOCAL ${name} = ${value}`,
  );
  await connection.transaction(async () => {
    await connection.command(settings.join('; '));
    await connection.query(warmed, warmed.idle);
  });
}

const TERMINATE = statement(
  `SELECT pg_terminate_backend(pid, ${TERMINATE_WITHIN_MS}) FROM pg_stat_activity
   WHERE pid = $1::int AND extract(epoch FROM backend_start)::text = $2`,
  [boolean],
);

/** Ends a process of the server. Resolves to whether it is gone. */
export async function terminate(connection: Connection, backend: Backend): Promise<boolean> {
  const { rows } = await connection.query(TERMINATE, [String(backend.pid), backend.startedAt]);
  return rows.length === 0 || rows[0][0] === true;
}

function processId({ client }: Connection): number {
  // The driver keeps it since the start-up of the protocol; its types leave it out.
  return (client as unknown as { processID: number | null }).processID ?? 0;
}
