import type { Pool, PoolClient } from 'pg';
import { startCheckOut } from '../protocol/driver-internals.js';
import { afterReading } from '../utils/timers.js';

/**
 * Checks a client out of a pool, and gives the attempt up after so many milliseconds, whatever the pool's own
 * settings are. Calls back once. Returns what gives it up before that.
 */
export function checkOut(
  pool: Pool,
  timeout: number,
  done: (error: unknown, client?: PoolClient) => void,
): (reason: unknown) => void {
  let isOver = false;
  const end = (error: unknown, client?: PoolClient): void => {
    isOver = true;
    cancelTimer();
    done(error, client);
  };
  const giveUp = (reason: unknown): void => {
    if (!isOver) {
      endConnecting?.();
      end(reason);
    }
  };
  const cancelTimer = afterReading(timeout, () => {
    giveUp(new Error(`no connection within ${timeout} ms`));
  });
  const endConnecting = startCheckOut(pool, (error, client) => {
    if (isOver) {
      client?.release();
    } else {
      end(error, client);
    }
  });
  return giveUp;
}
