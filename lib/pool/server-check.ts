import type { Pool, PoolClient } from 'pg';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { withoutData } from '../protocol/error-data.js';
import { runQuery, StatementQuery } from '../protocol/statement-query.js';
import { isStatementNameLost, sqlState, SqlState } from '../sql/sql-state.js';
import { statement, text } from '../sql/statement.js';
import { TIMINGS } from '../timings.js';
import { messageOf } from '../utils/errors.js';
import { promised } from '../utils/promised.js';
import { within } from '../utils/timers.js';
import { connectOnce, guarded, type ConnectOptions } from './connect.js';
import { namesLost } from './failure-policy.js';
import { checkTakesWrites } from './read-only.js';
import { readServerFacts, type Pooler } from './server-facts.js';

export interface ServerCheckOptions {
  /** `false` if there is none, `undefined` if that is to be found out. */
  readonly pooler: Pooler | false | undefined;
  readonly preparedStatements: boolean;
  readonly readOnly: boolean;
}

const PROBE = statement('probe', 'SELECT pg_backend_pid()::text', [text]);

/**
 * Rejects if what is at the other end is none that the store can work with: a server that takes no writes, a
 * balancer that leads to a standby too, a pooler that holds neither transactions nor the names of statements. A
 * second connection tells some of that; if there is none to be had, it is left out.
 */
export async function checkServer(
  pool: Pool,
  client: PoolClient,
  connecting: ConnectOptions,
  { pooler, preparedStatements, readOnly }: ServerCheckOptions,
): Promise<void> {
  const facts = await readServerFacts(client);
  if (pooler !== false && facts.backend === undefined) {
    await checkTransactions(client);
  }
  const second = await secondClient(pool, pooler, connecting);
  if (second === undefined) {
    if (!readOnly) {
      checkTakesWrites([facts]);
    }
    return;
  }
  await guarded(second, connecting, async () => {
    if (!readOnly) {
      checkTakesWrites([facts, await readServerFacts(second)]);
    }
    if (preparedStatements) {
      await checkNames(client, second);
    }
  });
  // Idle in the pool, it would have nobody to listen to its errors if the start failed.
  second.release(true);
}

async function secondClient(
  pool: Pool,
  pooler: ServerCheckOptions['pooler'],
  connecting: ConnectOptions,
): Promise<PoolClient | undefined> {
  // Stores that start together on a small pool must not wait for each other's.
  const isSpent = pool.idleCount === 0 && pool.totalCount >= pool.options.max;
  const timeout = Math.min(connecting.timeout, TIMINGS.POOLER_ANSWER);
  return pooler === false || isSpent
    ? undefined
    : connectOnce(pool, { ...connecting, timeout }).catch(() => undefined);
}

async function checkTransactions(client: PoolClient): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query('ROLLBACK');
  } catch (error) {
    if (sqlState(error) !== SqlState.PROTOCOL_VIOLATION) {
      throw error;
    }
    throw new PostgresSessionError(
      'ERR_CONNECT',
      `The pooler in front of PostgreSQL takes no transactions (${messageOf(error)}): set its pool mode to \`transaction\` or \`session\`.`,
      { cause: withoutData(error) },
    );
  }
}

/** Has a statement prepared, and run again while somebody else has the backend on which it was. */
async function checkNames(client: PoolClient, other: PoolClient): Promise<void> {
  try {
    await probe(client);
    await other.query('BEGIN');
    await probe(other);
    const again = probe(client);
    // A pooler with a single backend answers only when the other one is done.
    await within(TIMINGS.POOLER_ANSWER, again);
    await other.query('ROLLBACK');
    await again;
  } catch (error) {
    throw isStatementNameLost(error) ? namesLost(error) : error;
  }
}

function probe(client: PoolClient): Promise<unknown> {
  return promised((done) => {
    runQuery(client, new StatementQuery(PROBE, [], true, undefined), done);
  });
}
