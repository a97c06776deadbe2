import type { FailureAction, FailurePolicy } from '../../../lib/batching/types.js';

const NOTHING: Omit<FailureAction, 'error'> = {
  discard: false,
  split: false,
  retry: false,
  mayStillRun: false,
  locked: false,
};

/** An error that says itself what is to be done about it. */
class Failure extends Error {
  constructor(
    message: string,
    readonly action: Partial<FailureAction>,
  ) {
    super(message);
  }
}

/** One of the calls is at fault, and a second try would not help it. */
export const badCall = (): Error => new Failure('bad call', { split: true });

/** The server took back what the batch did. */
export const rolledBack = (): Error => new Failure('rolled back', { retry: true });

/** Somebody else holds a lock for longer than the batch may wait. */
export const lockHeld = (): Error =>
  new Failure('lock held', { split: true, retry: true, locked: true });

/** Nobody knows whether the statement took effect, or still will. */
export const connectionLost = (): Error => new Error('connection lost');

/** The server has ended the connection, and with it what ran on it. */
export const connectionEnded = (): Error =>
  new Failure('connection ended', { discard: true, retry: true });

/** No connection is to be had for now, or never again. */
export const serverAway = (): Error => new Failure('server away', { retry: true });
export const serverGone = (): Error => new Failure('server gone', {});

/** What the engine is told about errors in these tests. */
export const policy: FailurePolicy = {
  onBatchError: (error, repeatable) => {
    if (error instanceof Failure) {
      return { ...NOTHING, error, ...error.action };
    }
    const lost = { ...NOTHING, discard: true, mayStillRun: true };
    return repeatable
      ? { ...lost, error: error as Error, retry: true }
      : { ...lost, error: new Error('outcome unknown') };
  },
  onAcquireError: (error) => ({
    ...NOTHING,
    error: error as Error,
    ...(error as Failure).action,
  }),
  unanswered: () => new Error('unanswered'),
  readOnly: () => new Error('read-only'),
  timedOut: (cause) => new Error('timed out', { cause }),
  overloaded: () => new Error('overloaded'),
  closed: () => new Error('closed'),
};
