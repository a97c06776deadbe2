import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Tally } from './tally.js';

/** Of the calls that can be aborted, this many are. */
const ABORTED = 0.05;
const REASON = new Error('the caller went away');

/** What the table says of a value that its constraint does not let in. */
const REFUSAL = 'ERR_QUERY';

export interface Outcome<T> {
  done: boolean;
  value?: T;
}

/** Makes calls, and takes no rejection but one of the library's own errors or the reason of an abort. */
export class Attempts {
  constructor(private readonly tally: Tally) {}

  /** A call that nothing but the faults around it makes fail. */
  async call<T>(what: string, make: () => Promise<T>): Promise<Outcome<T>> {
    const { outcome, code } = await this.settle(what, make);
    if (code === REFUSAL) this.tally.fault('rejected although nothing was wrong with it', what);
    // Callers that are rejected at once must not keep the process from reading answers.
    if (!outcome.done) await nextTurn();
    return outcome;
  }

  /** The same of a call that takes a signal, which may abort it. */
  async abortable<T>(
    what: string,
    make: (options: { signal?: AbortSignal }) => Promise<T>,
  ): Promise<Outcome<T>> {
    if (Math.random() >= ABORTED) return this.call(what, () => make({}));
    const controller = new AbortController();
    const aborted = sleep(Math.random() * 3).then(() => controller.abort(REASON));
    const outcome = await this.call(what, () => make({ signal: controller.signal }));
    await aborted;
    return outcome;
  }

  /** A write that the table refuses. */
  async refused(what: string, make: () => Promise<unknown>): Promise<void> {
    const { outcome } = await this.settle(what, make);
    if (outcome.done) this.tally.fault('acknowledged what the table refuses', what);
  }

  private async settle<T>(
    what: string,
    make: () => Promise<T>,
  ): Promise<{ outcome: Outcome<T>; code?: string }> {
    try {
      return { outcome: { done: true, value: await make() } };
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) this.tally.fault(`rejected with an error of another: ${what}`, error);
      else this.tally.reject(code);
      return { outcome: { done: false }, code };
    }
  }
}

/** Read by its fields: the class comes with the package, of which there may be two. */
function codeOf(error: unknown): string | undefined {
  if (error === REASON) return 'aborted';
  const { name, code } = error as { name?: string; code?: string };
  return name === 'PostgresSessionError' ? code : undefined;
}
