import { inspect } from 'node:util';
import { PostgresSessionError } from '../../../lib/index.js';
import { waitFor } from '../../support/conditions.js';

export interface Settled<T> {
  ms: number;
  value?: T;
  error?: unknown;
}

/** Runs a call to its end, whatever that is, and measures it. */
export async function settle<T>(call: () => Promise<T>): Promise<Settled<T>> {
  const start = performance.now();
  try {
    return { value: await call(), ms: performance.now() - start };
  } catch (error) {
    return { error, ms: performance.now() - start };
  }
}

/** Repeats `call` until it succeeds; how long that took, in ms. */
export async function untilSuccess(what: string, call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await waitFor(() => call().then(() => true), { timeout: 15_000, interval: 5, what });
  return performance.now() - start;
}

export function slowest(settled: Settled<unknown>[]): number {
  return settled.reduce((most, { ms }) => Math.max(most, ms), 0);
}

/** The stable code of an error of ours; anything else is told in full, to make the test fail. */
export function codeOf({ error }: Settled<unknown>): string {
  if (error === undefined) return 'ok';
  return error instanceof PostgresSessionError ? error.code : `not ours: ${inspect(error)}`;
}

/** Makes the calls at once, and waits until all have settled. */
export function settleAll(calls: Array<() => Promise<unknown>>): Promise<Settled<unknown>[]> {
  return Promise.all(calls.map((call) => settle(call)));
}
