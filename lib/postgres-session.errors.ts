import { OnceForBothForms } from './utils/both-forms.js';

/**
 * The stable codes of {@link PostgresSessionError}.
 *
 * | code | meaning |
 * |-|-|
 * | `ERR_INVALID_OPTION` | a module option was refused, before anything was sent |
 * | `ERR_DUPLICATE_NAME` | two stores of one application have the same name |
 * | `ERR_SCHEDULER_MISSING` | cleanup is on, and the application has no `ScheduleModule.forRoot()` |
 * | `ERR_CONNECT` | no connection at start-up |
 * | `ERR_READ_ONLY` | the server takes no writes (a standby, `default_transaction_read_only`), or the store has `readOnly: true` |
 * | `ERR_SCHEMA_INIT` | the table could not be made or is not as it must be; see {@link PostgresSessionError.phase} |
 * | `ERR_STORE_CLOSED` | a call after `close()` or shutdown, or one that shutdown cut off |
 * | `ERR_TIMEOUT` | the call did not end within `operationTimeout` |
 * | `ERR_OVERLOADED` | more than `batching.maxQueue` calls were waiting |
 * | `ERR_CONNECTION` | the connection failed, and trying again did not help |
 * | `ERR_PROTOCOL` | an answer that does not belong to the statement, and trying again did not help |
 * | `ERR_OUTCOME_UNKNOWN` | the connection broke after a write was sent that must not run twice |
 * | `ERR_PREPARED_STATEMENTS` | a pooler in between cannot hold named statements |
 * | `ERR_OWNER_UNSUPPORTED` | the table has no `owner` column |
 * | `ERR_NOT_A_COUNTER` | `increment` met a value that is no safe integer, or would leave that range |
 * | `ERR_SESSION_ENDED` | an adapter was to save a session that was ended meanwhile, and has `ended: 'error'` |
 * | `ERR_QUERY` | any other error of the database, which is the `cause` |
 */
export type PostgresSessionErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_DUPLICATE_NAME'
  | 'ERR_SCHEDULER_MISSING'
  | 'ERR_CONNECT'
  | 'ERR_READ_ONLY'
  | 'ERR_SCHEMA_INIT'
  | 'ERR_STORE_CLOSED'
  | 'ERR_TIMEOUT'
  | 'ERR_OVERLOADED'
  | 'ERR_CONNECTION'
  | 'ERR_PROTOCOL'
  | 'ERR_OUTCOME_UNKNOWN'
  | 'ERR_PREPARED_STATEMENTS'
  | 'ERR_OWNER_UNSUPPORTED'
  | 'ERR_NOT_A_COUNTER'
  | 'ERR_SESSION_ENDED'
  | 'ERR_QUERY';

export interface PostgresSessionErrorDetails {
  /** The error underneath, usually the driver's. */
  cause?: unknown;
  /** The phase of schema init that failed, as `phaseHook` names it. */
  phase?: string;
  /** Rows that a call in pages had deleted before it failed. */
  deleted?: number;
}

/**
 * Every error of this library but the `TypeError` and `RangeError` of a bad argument.
 * Neither its message nor its cause holds a key, a value or a password.
 *
 * @publicApi
 */
@OnceForBothForms('PostgresSessionError', globalThis)
export class PostgresSessionError extends Error {
  override readonly name = 'PostgresSessionError';
  /** Set when schema init failed: the phase, as `phaseHook` names it. */
  readonly phase?: string;
  /** Set when `deletePrefix` or `deleteOwner` failed: the rows that it had deleted before. */
  readonly deleted?: number;

  constructor(
    readonly code: PostgresSessionErrorCode,
    message: string,
    details: PostgresSessionErrorDetails = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    if (details.phase !== undefined) {
      this.phase = details.phase;
    }
    if (details.deleted !== undefined) {
      this.deleted = details.deleted;
    }
  }
}

/** @param fault what is wrong with what was given; nothing of a secret stands in it. */
export function invalidOption(name: string, fault: string, allowed: string): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_INVALID_OPTION',
    `Invalid option \`${name}\`: ${fault}. Allowed: ${allowed}.`,
  );
}

export function storeClosed(): PostgresSessionError {
  return new PostgresSessionError('ERR_STORE_CLOSED', 'The session store is closed.');
}

export function overloaded(maxQueue: number): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_OVERLOADED',
    `More than ${maxQueue} calls are waiting (batching.maxQueue).`,
  );
}

export function notACounter(): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_NOT_A_COUNTER',
    `The value is no counter, or would be none after this step: a counter is a decimal integer from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}. The entry is unchanged.`,
  );
}
