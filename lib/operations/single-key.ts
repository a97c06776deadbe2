import { Refusal, type BatchToRun, type Lease, type Operation } from '../batching/types.js';
import { NothingWrittenError } from '../pool/failure-policy.js';
import type { SessionValue } from '../interfaces/key-value-store.interface.js';
import { notACounter } from '../postgres-session.errors.js';
import type { Parameter, Statement, StatementResult } from '../sql/statement.js';
import type { Statements } from '../sql/statements.js';
import { promised } from '../utils/promised.js';
import {
  entryParameters,
  isOneRow,
  onlyRowOf,
  rowOf,
  settleWith,
  singleWrites,
  ttlParameter,
  write,
  type Entry,
  type OperationSetup,
} from './shared.js';

/** A new expiry, or none if the entry keeps its own. */
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
  /** The bytes of what `fn` returned. Throws if there are none. */
  readonly toBytes: (made: SessionValue) => Buffer;
}

export interface Step {
  readonly by: number;
  readonly ttl: number | null;
}

/** The operations whose calls travel alone, because each depends on what it finds. None may run twice. */
export interface SingleKeyOperations {
  readonly setIfAbsent: Operation<Entry, boolean>;
  readonly getAndDelete: Operation<null, Buffer | undefined>;
  readonly compareAndSet: Operation<Replacement, boolean>;
  readonly update: Operation<Change, Buffer | undefined>;
  readonly increment: Operation<Step, number>;
}

export function singleKeyOperations(setup: OperationSetup): SingleKeyOperations {
  const { statements, hasOwner } = setup;
  const alone = singleWrites(setup, false);
  return {
    setIfAbsent: {
      ...alone,
      name: 'setIfAbsent',
      execute(batch, done) {
        const [{ key, args }] = batch.calls;
        write(batch, statements.setIfAbsent, entryParameters(key, args, hasOwner), done, isOneRow);
      },
    },
    getAndDelete: {
      ...alone,
      name: 'getAndDelete',
      execute(batch, done) {
        const [{ key }] = batch.calls;
        write(batch, statements.getAndDelete, [key], done, (result) => [
          rowOf(key, result)?.[1] as Buffer | undefined,
        ]);
      },
    },
    compareAndSet: {
      ...alone,
      name: 'compareAndSet',
      execute(batch, done) {
        const [{ key, args }] = batch.calls;
        const { statement, values } = replacement(statements, key, args);
        write(batch, statement, values, done, isOneRow);
      },
    },
    update: {
      ...alone,
      name: 'update',
      execute(batch, done) {
        settleWith(update(batch, statements), done);
      },
    },
    increment: {
      ...alone,
      name: 'increment',
      execute(batch, done) {
        const [{ key, args }] = batch.calls;
        const values = [key, String(args.by), ttlParameter(args.ttl)];
        write(batch, statements.increment, values, done, (result) => {
          const row = rowOf(key, result);
          return [
            row === undefined
              ? new Refusal(notACounter())
              : Number((row[1] as Buffer).toString('latin1')),
          ];
        });
      },
    },
  };
}

function replacement(
  { compareAndSet, compareAndRenew }: Statements,
  key: string,
  { expected, next, renew, ttl }: Replacement,
): { statement: Statement; values: Parameter[] } {
  const values = [key, expected, next];
  return renew
    ? { statement: compareAndRenew, values: [...values, ttlParameter(ttl)] }
    : { statement: compareAndSet, values };
}

/**
 * Reads, has the new value made, and writes it if the old one is still there. A lost race means that another
 * writer got on, so some writer always does.
 */
async function update(
  batch: BatchToRun<Change, Buffer | undefined>,
  statements: Statements,
): Promise<Buffer | undefined | Refusal> {
  const [{ key, args }] = batch.calls;
  const { fn, toBytes, renew, ttl } = args;
  for (;;) {
    const expected = await current(batch.lease, statements, key);
    if (expected === undefined) {
      return undefined;
    }
    let next: Buffer;
    try {
      const made = fn(Buffer.from(expected));
      if (made === undefined) {
        return undefined;
      }
      next = toBytes(made);
    } catch (error) {
      return new Refusal(error);
    }
    const { statement, values } = replacement(statements, key, { expected, next, renew, ttl });
    const result = await promised<StatementResult>((done) =>
      batch.lease.write(statement, values, batch.lockWait, done),
    );
    if (isOneRow(result)[0]) {
      return next;
    }
  }
}

async function current(
  lease: Lease,
  statements: Statements,
  key: string,
): Promise<Buffer | undefined> {
  try {
    const result = await promised<StatementResult>((done) =>
      lease.read(statements.get, [key], done),
    );
    return onlyRowOf(key, result)[1] as Buffer | undefined;
  } catch (error) {
    throw new NothingWrittenError(error);
  }
}
