import type { Connection } from './connection.js';
import { float8Array, textArray } from '../sql/array-parameters.js';
import { boolean, statement } from '../sql/statement.js';
import type { Statements } from '../sql/statements.js';

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

/**
 * Finds out whether the server itself is at the other end: a pooler hands out process ids of its own.
 * On a connection that is ours alone and direct, sets what holds for all statements, in the same trip.
 */
export async function openSession(
  connection: Connection,
  owned: boolean,
  operationTimeout: number | undefined,
): Promise<{ settingsHold: boolean }> {
  const pid = processId(connection);
  const settings = Object.entries({
    ...PLAN_SETTINGS,
    ...(operationTimeout === undefined ? {} : { statement_timeout: String(operationTimeout) }),
  });
  const direct = `pg_backend_pid() = ${pid}`;
  const set = settings.map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const { rows } = await connection.client.query<{ direct: boolean }>(
    owned
      ? `SELECT ${direct} AS direct, CASE WHEN ${direct} THEN concat(${set.join(', ')}) END AS settings`
      : `SELECT ${direct} AS direct`,
  );
  connection.direct = rows[0].direct;
  return { settingsHold: owned && connection.direct };
}

/**
 * Where settings may not outlast a transaction, because the connection is shared, the plans are made in
 * one: by running the statements once in a way that finds nothing.
 */
export async function warmPlans(connection: Connection, statements: Statements): Promise<void> {
  const settings = Object.entries(PLAN_SETTINGS).map(
    ([name, value]) => `SET LOCAL ${name} = ${value}`,
  );
  await connection.transaction(async () => {
    await connection.command(settings.join('; '));
    await connection.query(statements.get, [null]);
    await connection.query(statements.getBatch, [textArray([])]);
    await connection.query(statements.touch, [null, null]);
    await connection.query(statements.touchBatch, [textArray([]), float8Array([])]);
    await connection.query(statements.delete, [null]);
    await connection.query(statements.deleteBatch, [textArray([])]);
    await connection.query(statements.getAndDelete, [null]);
    await connection.query(statements.compareAndSet, [null, null, null, null, null]);
  });
}

const CANCEL = statement('SELECT pg_cancel_backend($1::int)', [boolean]);

/** Stops what `other` still runs on the server. */
export async function cancelStatement(connection: Connection, other: Connection): Promise<void> {
  await connection.query(CANCEL, [String(processId(other))]);
}

function processId({ client }: Connection): number {
  // The driver keeps it since the start-up of the protocol; its types leave it out.
  return (client as unknown as { processID: number | null }).processID ?? 0;
}
