import type { Pool, PoolClient } from 'pg';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { startCheckOut } from '../protocol/driver-internals.js';
import { onAbort } from '../utils/abort-signal.js';
import { messageOf } from '../utils/errors.js';
import { afterReading } from '../utils/timers.js';

/** Somebody ended the pool. No waiting brings a connection. */
export class PoolEndedError extends PostgresSessionError {
  constructor(cause: unknown) {
    super(
      'ERR_CONNECTION',
      'No connection to PostgreSQL: the pool was ended. End a pool of the application after the store, in `onApplicationShutdown` of the module that provides it.',
      { cause },
    );
  }
}

/** What a pool that was ended says, where it has no word for its state. */
const ENDED = /after calling end on the pool/;

export interface CheckOutOptions {
  /** Milliseconds after which the attempt is given up, whatever the pool's own settings are. */
  readonly timeout: number;
  /** Gives it up before that. */
  readonly signal: AbortSignal;
}

/** Checks a client out of a pool. Calls back once. */
export function checkOut(
  pool: Pool,
  { timeout, signal }: CheckOutOptions,
  done: (error: unknown, client?: PoolClient) => void,
): void {
  let isOver = false;
  const end = (error: unknown, client?: PoolClient): void => {
    isOver = true;
    cancelTimer();
    unwatch();
    const isEnded = client === undefined && (pool.ending || ENDED.test(messageOf(error)));
    done(isEnded ? new PoolEndedError(error) : error, client);
  };
  const giveUp = (reason: unknown): void => {
    if (!isOver) {
      endConnecting?.();
      end(reason);
    }
  };
  const cancelTimer = afterReading(
    timeout,
    () => giveUp(new Error(`no connection within ${timeout} ms`)),
    () => {
      // A pool that is ended never calls those back who wait for a client.
      if (pool.ending) {
        giveUp(new Error('the pool was ended meanwhile'));
      }
    },
  );
  const unwatch = onAbort(signal, () => giveUp(signal.reason));
  const endConnecting = startCheckOut(pool, (error, client) => {
    if (isOver) {
      client?.release();
    } else {
      end(error, client);
    }
  });
}
