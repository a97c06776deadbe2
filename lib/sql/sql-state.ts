import { messageOf } from '../utils/errors.js';

/** The SQLSTATEs that the store tells apart, by the names of PostgreSQL's manual. */
export const SqlState = {
  FEATURE_NOT_SUPPORTED: '0A000',
  UNTRANSLATABLE_CHARACTER: '22P05',
  INVALID_AUTHORIZATION_CLASS: '28',
  READ_ONLY_SQL_TRANSACTION: '25006',
  INVALID_SQL_STATEMENT_NAME: '26000',
  INVALID_CATALOG_NAME: '3D000',
  SERIALIZATION_FAILURE: '40001',
  DEADLOCK_DETECTED: '40P01',
  INSUFFICIENT_PRIVILEGE: '42501',
  DUPLICATE_PREPARED_STATEMENT: '42P05',
  TOO_MANY_CONNECTIONS: '53300',
  LOCK_NOT_AVAILABLE: '55P03',
  QUERY_CANCELED: '57014',
  CONNECTION_EXCEPTION_CLASS: '08',
  CONNECTION_FAILURE: '08006',
  PROTOCOL_VIOLATION: '08P01',
  OPERATOR_INTERVENTION_SHUTDOWN_CLASS: '57P',
  DATA_EXCEPTION_CLASS: '22',
  SYNTAX_OR_ACCESS_CLASS: '42',
  CANT_CHANGE_RUNTIME_PARAM: '55P02',
} as const;

/** Where PostgreSQL refuses a prepared plan whose result type changed underneath. */
const REPLAN_ROUTINE = 'RevalidateCachedQuery';

/** What the driver's errors may have; only those of the server have a SQLSTATE. */
interface DriverError {
  code?: unknown;
  routine?: unknown;
  severity?: unknown;
}

export function sqlState(error: unknown): string | undefined {
  const { code, severity } = asDriverError(error);
  return typeof code === 'string' && severity !== undefined ? code : undefined;
}

/** The server ended the connection, or it broke: what it was doing may have taken effect or not. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  return (
    state === undefined ||
    (state.startsWith(SqlState.CONNECTION_EXCEPTION_CLASS) &&
      !isStatementNameLost(error) &&
      !isNodeLost(error)) ||
    state.startsWith(SqlState.OPERATOR_INTERVENTION_SHUTDOWN_CLASS) ||
    state === SqlState.TOO_MANY_CONNECTIONS
  );
}

/** The server itself lost another node of Citus: one statement failed, and the connection is as good as before. */
export function isNodeLost(error: unknown): boolean {
  return (
    sqlState(error) === SqlState.CONNECTION_FAILURE && asDriverError(error).severity === 'ERROR'
  );
}

/** The transaction was rolled back, and running it again may do. */
export function isRolledBack(error: unknown): boolean {
  const state = sqlState(error);
  return state === SqlState.SERIALIZATION_FAILURE || state === SqlState.DEADLOCK_DETECTED;
}

/** Waiting does not mend it: wrong credentials, no such database. */
export function isRefusedForGood(error: unknown): boolean {
  const state = sqlState(error);
  return (
    state !== undefined &&
    (isStartupRefused(error) ||
      state.startsWith(SqlState.INVALID_AUTHORIZATION_CLASS) ||
      state === SqlState.INVALID_CATALOG_NAME ||
      state === SqlState.INSUFFICIENT_PRIVILEGE)
  );
}

/** What poolers say of parameters that a client sends when it connects. */
const STARTUP_PARAMETER = /startup (parameter|option)|command-line option/i;

/** A pooler, or the server, does not take what the client sends when it connects; no waiting mends that. */
export function isStartupRefused(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined || asDriverError(error).severity !== 'FATAL') {
    return false;
  }
  return (
    STARTUP_PARAMETER.test(messageOf(error)) ||
    state === SqlState.FEATURE_NOT_SUPPORTED ||
    state === SqlState.CANT_CHANGE_RUNTIME_PARAM ||
    state.startsWith(SqlState.DATA_EXCEPTION_CLASS) ||
    state.startsWith(SqlState.SYNTAX_OR_ACCESS_CLASS)
  );
}

/** The role may not do it. */
export function isRefused(error: unknown): boolean {
  return sqlState(error) === SqlState.INSUFFICIENT_PRIVILEGE;
}

const PREPARED_STATEMENT = /prepared statement/i;

/** The statement's name is gone or taken on the server's side, so nothing was run. */
export function isStatementNameLost(error: unknown): boolean {
  const state = sqlState(error);
  return (
    state === SqlState.INVALID_SQL_STATEMENT_NAME ||
    state === SqlState.DUPLICATE_PREPARED_STATEMENT ||
    // So do some poolers.
    (state === SqlState.PROTOCOL_VIOLATION && PREPARED_STATEMENT.test(messageOf(error)))
  );
}

/** The table was altered under a prepared statement, so nothing was run. */
export function isPlanStale(error: unknown): boolean {
  return (
    sqlState(error) === SqlState.FEATURE_NOT_SUPPORTED &&
    asDriverError(error).routine === REPLAN_ROUTINE
  );
}

function asDriverError(error: unknown): DriverError {
  return typeof error === 'object' && error !== null ? error : {};
}
