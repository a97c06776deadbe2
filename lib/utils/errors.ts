/**
 * Reads what was thrown by its fields. `instanceof` would miss errors of Node and the driver that come
 * from another realm, as they do under jest.
 */

interface ThrownFields {
  message?: unknown;
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** What was thrown, where it is an error, as it should be; else wrapped into one. */
export function asError(thrown: unknown): Error {
  return isErrorLike(thrown) ? thrown : new Error(String(thrown), { cause: thrown });
}

/** Node tells of several addresses tried by an `AggregateError` without a message. */
export function messageOf(thrown: unknown): string {
  const { message, errors } = fieldsOf(thrown);
  if (typeof message !== 'string') {
    return String(thrown);
  }
  return message === '' && Array.isArray(errors) ? errors.map(messageOf).join('; ') : message;
}

/** The code of an error of Node or of the server, or the empty string. */
export function codeOf(thrown: unknown): string {
  const { code } = fieldsOf(thrown);
  return typeof code === 'string' ? code : '';
}

/** The message with those of its causes, for a log. */
export function describeThrown(thrown: unknown): string {
  const { cause } = fieldsOf(thrown);
  const message = messageOf(thrown);
  return cause === undefined ? message : `${message} Cause: ${describeThrown(cause)}`;
}

function isErrorLike(thrown: unknown): thrown is Error {
  return thrown instanceof Error || typeof fieldsOf(thrown).message === 'string';
}

function fieldsOf(thrown: unknown): ThrownFields {
  return typeof thrown === 'object' && thrown !== null ? thrown : {};
}
