import { PostgresSessionError } from '../postgres-session.errors.js';

/** An answer that is not the one to the statement that was sent. */
export function protocolError(what: string): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_PROTOCOL',
    `The answer does not belong to the statement: ${what}. The connection was thrown away.`,
  );
}
