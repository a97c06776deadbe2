import { Refusal } from '../batching/call-kind.js';
import type { Connection } from '../connection/connection.js';
import { NothingWrittenError } from '../connection/failure-policy.js';
import { valueBytes } from '../key-value-arguments.js';
import type { SessionValue } from '../interfaces/key-value-store.interface.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import type { Parameter } from '../sql/statement.js';
import type { Statements } from '../sql/statements.js';
import {
  entryParameters,
  isOneRow,
  run,
  ttlParameter,
  type Entry,
  type Kind,
} from './batched-calls.js';
import type { CallLimits } from './limits.js';

/** A new expiry, or none where the entry keeps its own. */
export interface Renewal {
  readonly renew: boolean;
  readonly ttl: number | null;
}

export interface Replacement extends Renewal {
  readonly expected: Buffer;
  readonly next: Buffer;
}

export interface Change extends Renewal {
  readonly fn: (current: Buffer) => SessionValue | undefined;
}

export interface Step {
  readonly by: number;
  readonly ttl: number | null;
}

/** The calls that travel alone, because each depends on what it finds. None may run twice. */
export interface SingleCalls {
  readonly setIfAbsent: Kind<Entry, boolean>;
  readonly getAndDelete: Kind<null, Buffer | undefined>;
  readonly compareAndSet: Kind<Replacement, boolean>;
  readonly update: Kind<Change, Buffer | undefined>;
  readonly increment: Kind<Step, number>;
}

export function singleCalls(
  statements: Statements,
  limits: CallLimits,
  hasOwner: boolean,
): SingleCalls {
  const alone = {
    lanes: limits.singleLanes,
    pipelined: false,
    maxRows: 1,
    maxWeight: Infinity,
    repeatable: false,
    writes: true,
    weigh: () => 0,
  };
  return {
    setIfAbsent: {
      ...alone,
      execute(connection, [{ key, args }], done) {
        run(
          connection,
          statements.setIfAbsent,
          entryParameters(key, args, hasOwner),
          done,
          isOneRow,
        );
      },
    },
    getAndDelete: {
      ...alone,
      execute(connection, [{ key }], done) {
        run(connection, statements.getAndDelete, [key], done, ({ rows }) => [
          rows[0]?.[0] as Buffer | undefined,
        ]);
      },
    },
    compareAndSet: {
      ...alone,
      execute(connection, [{ key, args }], done) {
        run(connection, statements.compareAndSet, replacement(key, args), done, isOneRow);
      },
    },
    update: {
      ...alone,
      execute(connection, [{ key, args }], done) {
        update(connection, statements, key, args).then(
          (written) => done(undefined, [written]),
          done,
        );
      },
    },
    increment: {
      ...alone,
      execute(connection, [{ key, args }], done) {
        run(
          connection,
          statements.increment,
          [key, String(args.by), ttlParameter(args.ttl)],
          done,
          ({ rows }) => [
            rows.length === 0 ? notACounter() : Number((rows[0][0] as Buffer).toString('latin1')),
          ],
        );
      },
    },
  };
}

function replacement(key: string, { expected, next, renew, ttl }: Replacement): Parameter[] {
  return [key, expected, next, renew ? 't' : 'f', ttlParameter(ttl)];
}

/**
 * Reads, has the new value made, and writes it where the old one is still there. A lost race means that
 * another writer got on, so some writer always does.
 */
async function update(
  connection: Connection,
  statements: Statements,
  key: string,
  { fn, renew, ttl }: Change,
): Promise<Buffer | undefined | Refusal> {
  for (;;) {
    const expected = await read(connection, statements, key);
    if (expected === undefined) {
      return undefined;
    }
    let next: Buffer;
    try {
      const made = fn(Buffer.from(expected));
      if (made === undefined) {
        return undefined;
      }
      next = valueBytes(made, 'what the function of update returned');
    } catch (error) {
      return new Refusal(error);
    }
    const values = replacement(key, { expected, next, renew, ttl });
    const { rowCount } = await connection.query(statements.compareAndSet, values);
    if (rowCount > 0) {
      return next;
    }
  }
}

async function read(
  connection: Connection,
  statements: Statements,
  key: string,
): Promise<Buffer | undefined> {
  try {
    const { rows } = await connection.query(statements.get, [key]);
    return rows[0]?.[0] as Buffer | undefined;
  } catch (error) {
    throw new NothingWrittenError(error);
  }
}

function notACounter(): Refusal {
  return new Refusal(
    new PostgresSessionError(
      'ERR_NOT_A_COUNTER',
      `The value is no counter, or would be none after this step: a counter is a decimal integer from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}. The entry is unchanged.`,
    ),
  );
}
