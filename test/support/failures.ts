import { PostgresSessionError } from '../../lib/index.js';

/** What a promise was rejected with; fails where it was not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
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
