import type { FailurePolicy, Verdict } from '../batching/call-kind.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import {
  isConnectionLost,
  isPlanStale,
  isRefusedForGood,
  isRolledBack,
  isStatementNameLost,
  sqlState,
  SqlState,
} from '../sql/sql-state.js';
import { messageOf } from '../thrown.js';
import type { Connection } from './connection.js';
import { withoutData } from './driver-errors.js';

/** Wraps what went wrong in a call that is not repeatable, before it had written anything. */
export class NothingWrittenError extends Error {
  constructor(cause: unknown) {
    super('nothing was written', { cause });
  }
}

/** Says of each error of the driver what the store does about it. */
export class SessionFailurePolicy implements FailurePolicy<Connection> {
  constructor(
    private readonly operationTimeout: number | undefined,
    private readonly maxQueue: number,
    /** Called when every connection made so far has to be given up. */
    private readonly renewConnections: () => void,
  ) {}

  judge(error: unknown, repeatable: boolean, connection: Connection): Verdict {
    if (error instanceof NothingWrittenError) {
      return this.judge(error.cause, true, connection);
    }
    if (error instanceof PostgresSessionError || isConnectionLost(error)) {
      return lost(error, repeatable);
    }
    if (isStatementNameLost(error)) {
      return connection.backend !== undefined ? again(error, true) : noNamedStatements(error);
    }
    if (sqlState(error) === SqlState.READ_ONLY_SQL_TRANSACTION) {
      this.renewConnections();
      return again(error, true);
    }
    if (isPlanStale(error)) {
      return again(error, true);
    }
    if (isRolledBack(error)) {
      return again(error, false);
    }
    // A batch waits for locks less long than its calls would by themselves.
    const retry = sqlState(error) === SqlState.LOCK_NOT_AVAILABLE;
    return { broken: false, split: true, retry, error: this.statementError(error) };
  }

  judgeAcquire(error: unknown): Verdict {
    if (isStatementNameLost(error)) {
      return noNamedStatements(error);
    }
    return { ...again(error, true), retry: !isRefusedForGood(error) };
  }

  timedOut(cause: unknown): PostgresSessionError {
    return new PostgresSessionError(
      'ERR_TIMEOUT',
      `The call did not end within operationTimeout (${this.operationTimeout} ms).`,
      { cause },
    );
  }

  overloaded(): PostgresSessionError {
    return new PostgresSessionError(
      'ERR_OVERLOADED',
      `More than ${this.maxQueue} calls are waiting (batching.maxQueue).`,
    );
  }

  closed(): PostgresSessionError {
    return new PostgresSessionError('ERR_STORE_CLOSED', 'The session store is closed.');
  }

  private statementError(error: unknown): PostgresSessionError {
    return sqlState(error) === SqlState.QUERY_CANCELED
      ? this.timedOut(withoutData(error))
      : queryError(error);
  }
}

/** An error of the driver as one of ours. */
export function toSessionError(error: unknown): PostgresSessionError {
  return error instanceof PostgresSessionError || isConnectionLost(error)
    ? connectionError(error)
    : queryError(error);
}

/** An error of the database that no second try mends. */
function queryError(error: unknown): PostgresSessionError {
  const cause = withoutData(error);
  return new PostgresSessionError(
    'ERR_QUERY',
    `Database error ${sqlState(error)}: ${messageOf(cause)}`,
    {
      cause,
    },
  );
}

function lost(error: unknown, repeatable: boolean): Verdict {
  if (repeatable) {
    return again(error, true);
  }
  const cause = error instanceof PostgresSessionError ? error : withoutData(error);
  return {
    broken: true,
    split: false,
    retry: false,
    error: new PostgresSessionError(
      'ERR_OUTCOME_UNKNOWN',
      'The connection broke after the write was sent: whether it took effect is unknown, and it must not run twice.',
      { cause },
    ),
  };
}

function again(error: unknown, broken: boolean): Verdict {
  return { broken, split: false, retry: true, error: connectionError(error) };
}

function connectionError(error: unknown): PostgresSessionError {
  if (error instanceof PostgresSessionError) {
    return error;
  }
  return new PostgresSessionError('ERR_CONNECTION', 'The connection to PostgreSQL failed.', {
    cause: withoutData(error),
  });
}

function noNamedStatements(error: unknown): Verdict {
  return {
    broken: true,
    split: false,
    retry: false,
    error: new PostgresSessionError(
      'ERR_PREPARED_STATEMENTS',
      'The pooler in front of PostgreSQL does not keep named statements: set `preparedStatements: false`, or use PgBouncer 1.21 or newer with `max_prepared_statements` set.',
      { cause: withoutData(error) },
    ),
  };
}
