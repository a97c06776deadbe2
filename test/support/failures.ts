import { isNativeError } from 'node:util/types';
import { PostgresSessionError } from '../../lib/index.js';

/** The error that a promise was rejected with; fails if it was not, or by something else. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    // Errors of Node's own modules are of another realm than jest's.
    if (isNativeError(error)) return error;
    throw new Error(`should have been rejected by an error, and was by ${String(error)}`, {
      cause: error,
    });
  }
  throw new Error(`should have been rejected, and resolved to ${String(value)}`);
}

/** The same, where only an error of the library will do. */
export async function ownFailureOf(promise: Promise<unknown>): Promise<PostgresSessionError> {
  const error = await failureOf(promise);
  if (error instanceof PostgresSessionError) return error;
  throw new Error(`should have been an error of the library, and was ${String(error)}`, {
    cause: error,
  });
}
