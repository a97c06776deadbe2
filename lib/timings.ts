/**
 * Every time of the inside, in milliseconds. What must hold between them:
 *
 * - `TICK < SLOW_BATCH`: a slow batch is found about when it becomes slow.
 * - `FIRST_LOCK_WAIT + TICK < SLOW_BATCH`: a batch that only waits for a lock gives up before it counts as slow.
 * - `LOCKED_WAIT < SLOW_BATCH`: so does a call that waits for a lock that others were found to hold.
 * - `SLOW_BATCH < READ_PATIENCE < SILENT_CONNECTION`: calls pass by a read before it is tried again elsewhere, and that
 *   ends about when its connection would count as silent.
 * - `SLOW_BATCH < SILENT_CONNECTION`: calls pass by a slow batch before its connection is given up.
 * - `TRUNCATE_LOCK_WAIT < DEADLOCK_CHECK` and `SWEEP_LOCK_WAIT < DEADLOCK_CHECK`: of two that wait for each
 *   other, the sweep or the truncation gives way before the server looks for a deadlock (`deadlock_timeout`).
 * - `LONGEST_REST < TRANSACTION_IDLE`: a sweep may rest in the transaction of its next page.
 * - `SWEEP_LOCK_WAIT < SWEEP_STATEMENT` and `LONGEST_REST + 2 * SWEEP_STATEMENT + SWEEP_LOCK_WAIT <= SWEEP_ANSWER`: the server
 *   ends a page of a sweep before its connection is taken for dead.
 * - `TERMINATE < TERMINATE_ANSWER`: the server's answer to a termination is waited for.
 * - `2 * TICK < HEDGE_CONNECT`: a second attempt to connect has some time, and ends before the next one.
 * - `2 * POOLER_ANSWER < START_CHECK`: a pooler that has no second backend for a check is found out in time.
 * - `HEDGE_CONNECT < CONNECT`: a second attempt starts while the first one still may succeed.
 */
export const TIMINGS = {
  /** Calls and batches are looked at this often while there are any. */
  TICK: 100,
  /** A tick that comes so much later means that the event loop stood still. */
  STALL: 100,
  /** A batch in flight for longer no longer counts against the concurrency of its operation. */
  SLOW_BATCH: 500,
  /** A read on a connection that had rested is tried again on a new one if no byte arrives for so long. */
  READ_PATIENCE: 700,
  /** A read that is not answered for longer, while a later one was and no byte arrives, is on a dead connection. */
  SILENT_CONNECTION: 1_000,
  /** Beyond `operationTimeout`, the time a batch has until its connection is taken for dead. */
  ANSWER_MARGIN: 500,
  /** A batch waits for locks this long; then its calls go one by one. */
  FIRST_LOCK_WAIT: 100,
  /** A call that is known to wait for a lock holds a connection this long at a time. */
  LOCKED_WAIT: 250,
  /** A key that was found locked is remembered this long. */
  LOCKED_KEY_MEMORY: 5_000,
  /** After a call had to be given up unsent, the newest calls go first for this long. */
  OVERLOAD_MEMORY: 1_000,
  /** The server ends a transaction of ours in which nothing happens for longer: its process stands still. */
  TRANSACTION_IDLE: 5_000,
  /** `deletePrefix('')` waits for its lock on the whole table this long. */
  TRUNCATE_LOCK_WAIT: 500,
  /** Retries: the first wait, and the longest. */
  FIRST_BACKOFF: 10,
  LONGEST_BACKOFF: 250,
  /** What a connection may take where calls have no bound: to be made, and to be set up. */
  CONNECT: 5_000,
  /** A server that refuses more connections is asked for one this often. */
  REFUSED_PAUSE: 500,
  /** After a warning that the server is out of reach, the next one comes no sooner. */
  OUTAGE_WARNING_PAUSE: 10_000,
  /** While no connection comes, one more attempt is made this often. */
  HEDGE_CONNECT: 500,
  /** At the start, a pooler is given this long to find a second backend. */
  POOLER_ANSWER: 1_000,
  /** The checks of a start take several turns, so they are given at least this long. */
  START_CHECK: 3_000,
  /** A connection that rests sends a packet this often. */
  KEEP_ALIVE: 30_000,
  /** A client with somebody else's query under way is waited for this long. */
  CLIENT_REST: 1_000,
  /** After a server was found to be read-only, connections are not replaced again for this long. */
  RENEWAL_PAUSE: 1_000,
  /** The server is given this long to end a backend, and this long to say so. */
  TERMINATE: 500,
  TERMINATE_ANSWER: 1_000,
  /** Beyond a statement's own timeout, the time after which it is over even where nobody could confirm it. */
  FENCE_MARGIN: 1_000,
  /** A connection may take this long to end before its socket is destroyed. */
  END_CONNECTION: 500,
  /** A step of schema init that waits for no lock is answered within this. */
  SCHEMA_ANSWER: 10_000,
  /** A page of a sweep: its wait for a row lock, each of its statements, and all of it. */
  SWEEP_LOCK_WAIT: 500,
  SWEEP_STATEMENT: 5_000,
  SWEEP_ANSWER: 11_000,
  /** Between two pages a sweep or a range call rests this long at most. */
  LONGEST_REST: 150,
} as const;

/** The longest ttl, in milliseconds: about 3,000 years, within what PostgreSQL adds to a timestamp. */
export const MAX_TTL_MS = 1e14;

/** PostgreSQL's default of `deadlock_timeout`, in milliseconds. */
export const DEADLOCK_CHECK = 1_000;
