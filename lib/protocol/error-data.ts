import { codeOf } from '../utils/errors.js';

/** Fields in which PostgreSQL quotes the row or the parameters that it refused. */
const FIELDS_WITH_DATA = ['detail', 'where', 'internalQuery'] as const;

/** SQLSTATE classes whose messages quote the offending value. */
const DATA_EXCEPTION_CLASS = '22';

/** Takes keys and values out of an error of the driver, so that it may be logged. */
export function withoutData(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) {
    return error;
  }
  for (const field of FIELDS_WITH_DATA) {
    if (field in error) {
      Reflect.set(error, field, undefined);
    }
  }
  if (codeOf(error).startsWith(DATA_EXCEPTION_CLASS)) {
    Object.assign(error, { message: 'data exception', stack: 'data exception' });
  }
  return error;
}
