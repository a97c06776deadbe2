import { Refusal, type Done } from '../batching/call-kind.js';
import type { Connection } from '../connection/connection.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { textArray } from '../sql/array-parameters.js';
import type { KeyRange } from '../sql/prefix-range.js';
import { sqlState, SqlState } from '../sql/sql-state.js';
import type { Parameter, Statement } from '../sql/statement.js';
import type { Statements } from '../sql/statements.js';
import { run, type Kind } from './batched-calls.js';

/** Keys a page of a scan holds. */
export const SCAN_PAGE_SIZE = 500;

/** Rows a statement deletes where the role may not truncate. */
const DELETE_PAGE_SIZE = 1_000;

export interface OwnerRange extends KeyRange {
  readonly owner: string;
}

export interface OwnerDeletion extends OwnerRange {
  readonly except: readonly string[];
}

/** The calls that may meet any key, so that they are ordered against every other. */
export interface RangeCalls {
  readonly deleteAll: Kind<null, void>;
  readonly deleteRange: Kind<KeyRange, void>;
  readonly scanPage: Kind<KeyRange, string[]>;
  readonly scanOwnerPage: Kind<OwnerRange, string[]>;
  readonly deleteOwner: Kind<OwnerDeletion, number>;
}

export function rangeCalls(statements: Statements): RangeCalls {
  const barrier = {
    lanes: 1,
    pipelined: false,
    maxRows: 1,
    maxWeight: Infinity,
    repeatable: true,
    writes: true,
    weigh: () => 0,
  };
  return {
    deleteAll: {
      ...barrier,
      execute(connection, _calls, done) {
        deleteAll(connection, statements).then(() => done(undefined, [undefined]), done);
      },
    },
    deleteRange: {
      ...barrier,
      execute(connection, [{ args }], done) {
        run(connection, statements.deleteRange, [args.from, args.to], done, () => [undefined]);
      },
    },
    scanPage: {
      ...barrier,
      writes: false,
      execute(connection, [{ args }], done) {
        run(
          connection,
          statements.scanPage,
          [args.from, args.to, String(SCAN_PAGE_SIZE)],
          done,
          keys,
        );
      },
    },
    scanOwnerPage: {
      ...barrier,
      writes: false,
      execute(connection, [{ args }], done) {
        const values = [args.owner, args.from, args.to, String(SCAN_PAGE_SIZE)];
        runOwned(connection, statements.scanOwnerPage, values, done, keys);
      },
    },
    deleteOwner: {
      ...barrier,
      execute(connection, [{ args }], done) {
        const values = [args.owner, args.from, args.to, textArray(args.except)];
        runOwned(connection, statements.deleteOwner, values, done, ({ rows }) => [
          rows[0][0] as number,
        ]);
      },
    },
  };
}

async function deleteAll(connection: Connection, statements: Statements): Promise<void> {
  try {
    await connection.query(statements.truncate);
  } catch (error) {
    if (sqlState(error) !== SqlState.INSUFFICIENT_PRIVILEGE) {
      throw error;
    }
    let deleted: number;
    do {
      const result = await connection.query(statements.deleteAnyPage, [String(DELETE_PAGE_SIZE)]);
      deleted = result.rowCount;
    } while (deleted > 0);
  }
}

function runOwned<V>(
  connection: Connection,
  statement: Statement | undefined,
  values: readonly Parameter[],
  done: Done<V>,
  read: Parameters<typeof run<V>>[4],
): void {
  if (statement === undefined) {
    done(undefined, [new Refusal(ownerUnsupported())]);
  } else {
    run(connection, statement, values, done, read);
  }
}

export function ownerUnsupported(): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_OWNER_UNSUPPORTED',
    'The table has no column "owner", so entries cannot be found by their owner. A table that this module makes has it.',
  );
}

function keys({ rows }: { readonly rows: readonly unknown[][] }): string[][] {
  return [rows.map((row) => row[0] as string)];
}
