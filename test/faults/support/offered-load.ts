import { setTimeout as sleep } from 'node:timers/promises';
import type { Harness } from '../../support/harness.js';
import { settle, type Settled } from './settle.js';

/** Makes calls at a steady rate, whatever becomes of them; resolves when all have settled. */
export async function offer(
  call: (n: number) => Promise<unknown>,
  perSecond: number,
  ms: number,
): Promise<Settled<unknown>[]> {
  const made: Array<Promise<Settled<unknown>>> = [];
  const start = performance.now();
  for (let elapsed = 0; elapsed < ms; elapsed = performance.now() - start) {
    while (made.length < (elapsed * perSecond) / 1000) {
      const n = made.length;
      made.push(settle(() => call(n)));
    }
    await sleep(2);
  }
  return Promise.all(made);
}

/** Calls that succeed in a second if so many callers make one after the other. */
export async function rateOf(
  call: (caller: number, n: number) => Promise<unknown>,
  callers: number,
  ms: number,
): Promise<number> {
  const start = performance.now();
  const work = async (caller: number): Promise<number> => {
    let done = 0;
    for (let n = 0; performance.now() - start < ms; n += 1) {
      const { error } = await settle(() => call(caller, n));
      done += error === undefined ? 1 : 0;
    }
    return done;
  };
  const done = await Promise.all(Array.from({ length: callers }, (_, caller) => work(caller)));
  return (done.reduce((sum, each) => sum + each, 0) * 1000) / (performance.now() - start);
}

/** Makes the server sleep for each row that is written. */
export async function slowDown(harness: Harness, table: string, seconds: number): Promise<void> {
  await harness.sql(`
    CREATE FUNCTION ${table}_slow() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(${seconds}); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_slow()`);
}
