import type { FailureAction, FailurePolicy, Lease } from '../batching/types.js';
import { withoutData } from '../protocol/error-data.js';
import { overloaded, PostgresSessionError, storeClosed } from '../postgres-session.errors.js';
import {
  isConnectionLost,
  isNodeLost,
  isPlanStale,
  isRefusedForGood,
  isRolledBack,
  isStatementNameLost,
  sqlState,
  SqlState,
} from '../sql/sql-state.js';
import { messageOf } from '../utils/errors.js';
import { PoolEndedError } from './check-out.js';
import { ReadOnlyError } from './read-only.js';

/** Wraps what went wrong in a call that is not repeatable, before it had written anything. */
export class NothingWrittenError extends Error {
  constructor(cause: unknown) {
    super('nothing was written', { cause });
  }
}

export interface SessionFailurePolicyOptions {
  readonly operationTimeout: number | undefined;
  readonly maxQueue: number;
  /** Called when every connection made so far has to be given up. */
  readonly renewConnections: () => void;
}

/** Says of each error of the driver what the store does about it. */
export class SessionFailurePolicy implements FailurePolicy {
  constructor(private readonly options: SessionFailurePolicyOptions) {}

  onBatchError(error: unknown, repeatable: boolean, lease: Lease): FailureAction {
    if (error instanceof NothingWrittenError) {
      return this.onBatchError(error.cause, true, lease);
    }
    if (error instanceof ReadOnlyError) {
      // Replaced when they are next taken, not with each call that is refused.
      this.options.renewConnections();
      return { ...fail(error), retry: error.mayPass };
    }
    if (error instanceof PostgresSessionError && !isUnanswered(error)) {
      return fail(error);
    }
    if (error instanceof PostgresSessionError || isConnectionLost(error)) {
      return repeatable
        ? { ...retryElsewhere(error), mayStillRun: true }
        : { ...outcomeUnknown(error), mayStillRun: true };
    }
    if (isNodeLost(error)) {
      // Keys of other nodes may be in the same batch, so its calls are tried one by one.
      const action = repeatable ? { ...retryElsewhere(error), split: true } : outcomeUnknown(error);
      return { ...action, discard: false };
    }
    if (isStatementNameLost(error)) {
      return lease.isDirect && sqlState(error) !== SqlState.PROTOCOL_VIOLATION
        ? retryElsewhere(error)
        : noNamedStatements(error);
    }
    if (isPlanStale(error)) {
      return retryElsewhere(error);
    }
    if (isRolledBack(error)) {
      return { ...retryElsewhere(error), discard: false };
    }
    if (sqlState(error) === SqlState.LOCK_NOT_AVAILABLE) {
      // A batch waits for locks less long than its calls would by themselves.
      return { ...fail(this.queryError(error)), split: true, retry: true, locked: true };
    }
    return { ...fail(this.queryError(error)), split: true };
  }

  onAcquireError(error: unknown): FailureAction {
    if (error instanceof ReadOnlyError) {
      return fail(error);
    }
    if (isStatementNameLost(error)) {
      return noNamedStatements(error);
    }
    const retry = !isRefusedForGood(error) && !(error instanceof PoolEndedError);
    return { ...retryElsewhere(error), retry };
  }

  unanswered(): PostgresSessionError {
    return new PostgresSessionError(
      'ERR_CONNECTION',
      'The connection to PostgreSQL did not answer in its time.',
    );
  }

  readOnly(): PostgresSessionError {
    return new PostgresSessionError(
      'ERR_READ_ONLY',
      'The store has `readOnly: true`, so it takes no writes.',
    );
  }

  timedOut(cause: unknown): PostgresSessionError {
    if (cause instanceof ReadOnlyError) {
      // The tries did not fail for lack of time.
      return cause;
    }
    return new PostgresSessionError(
      'ERR_TIMEOUT',
      `The call did not end within operationTimeout (${this.options.operationTimeout} ms).`,
      { cause },
    );
  }

  overloaded(): PostgresSessionError {
    return overloaded(this.options.maxQueue);
  }

  closed(): PostgresSessionError {
    return storeClosed();
  }

  private queryError(error: unknown): PostgresSessionError {
    if (sqlState(error) !== SqlState.QUERY_CANCELED) {
      return toSessionError(error);
    }
    const cause = withoutData(error);
    return new PostgresSessionError(
      'ERR_TIMEOUT',
      `PostgreSQL ended the statement (${messageOf(cause)}). It may take as long as operationTimeout (${this.options.operationTimeout} ms) and the statement_timeout of the role or the connection both allow.`,
      { cause },
    );
  }
}

/** An error of the driver as one of ours. */
export function toSessionError(error: unknown): PostgresSessionError {
  if (error instanceof NothingWrittenError) {
    return toSessionError(error.cause);
  }
  if (error instanceof PostgresSessionError || isConnectionLost(error)) {
    return connectionError(error);
  }
  // An error of the database that no second try mends.
  const cause = withoutData(error);
  const what =
    sqlState(error) === SqlState.UNTRANSLATABLE_CHARACTER
      ? 'the encoding of the database has no place for a character of the key, the prefix or the owner. One in UTF8 has.'
      : messageOf(cause);
  const message = `Database error ${sqlState(error)}: ${what}`;
  return new PostgresSessionError('ERR_QUERY', message, { cause });
}

/** No answer, or none that can be the right one: the connection is not to be trusted. */
function isUnanswered({ code }: PostgresSessionError): boolean {
  return code === 'ERR_CONNECTION' || code === 'ERR_PROTOCOL';
}

function fail(error: PostgresSessionError): FailureAction {
  return { discard: false, split: false, retry: false, mayStillRun: false, locked: false, error };
}

function retryElsewhere(error: unknown): FailureAction {
  return { ...fail(connectionError(error)), discard: true, retry: true };
}

function outcomeUnknown(error: unknown): FailureAction {
  const cause = error instanceof PostgresSessionError ? error : withoutData(error);
  const unknown = new PostgresSessionError(
    'ERR_OUTCOME_UNKNOWN',
    'The connection broke after the write was sent: whether it took effect is unknown, and it must not run twice.',
    { cause },
  );
  return { ...fail(unknown), discard: true };
}

function connectionError(error: unknown): PostgresSessionError {
  if (error instanceof PostgresSessionError) {
    return error;
  }
  return new PostgresSessionError('ERR_CONNECTION', 'The connection to PostgreSQL failed.', {
    cause: withoutData(error),
  });
}

function noNamedStatements(error: unknown): FailureAction {
  return { ...fail(namesLost(error)), discard: true };
}

export function namesLost(error: unknown): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_PREPARED_STATEMENTS',
    "The pooler in front of PostgreSQL does not keep named statements: set `pooler: 'transaction'` or `preparedStatements: false`, or use PgBouncer 1.21 or newer with `max_prepared_statements` set.",
    { cause: withoutData(error) },
  );
}
