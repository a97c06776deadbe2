/** As express-session and @fastify/session call back. */
export type Callback<T = void> = (error: unknown, result?: T) => void;

/**
 * Does work for a caller who may wait by a callback or by the promise. The callback is called once, in a later
 * tick and outside of the promise: what it throws is an uncaught exception, as anywhere in Node. A rejection
 * counts as handled, since middlewares call without waiting.
 */
export function answer<T>(work: () => Promise<T>, callback?: Callback<T>): Promise<T> {
  const result = (async () => work())();
  result.then(
    (value) => callback && process.nextTick(callback, null, value),
    (error: unknown) => callback && process.nextTick(callback, error),
  );
  return result;
}
