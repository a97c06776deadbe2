import type { Lease, Operation } from '../batching/types.js';
import { NothingWrittenError } from '../pool/failure-policy.js';
import { textArray } from '../sql/array-parameters.js';
import type { KeyRange } from '../sql/key-range.js';
import { isRefused, sqlState, SqlState } from '../sql/sql-state.js';
import type { Parameter, Statement, StatementResult } from '../sql/statement.js';
import { TIMINGS } from '../timings.js';
import { promised } from '../utils/promised.js';
import { keysWithin, lastOf, ofOwner, scanOperations, type ScanOperations } from './scans.js';
import { settleWith, singleWrites, type OperationSetup } from './shared.js';

/** Rows that a page of a range call deletes. */
const DELETE_PAGE_SIZE = 1_000;

export interface OwnedPage extends KeyRange {
  readonly owner: string;
  /** Keys to keep. */
  readonly except: ReadonlySet<string>;
}

/** What a page did, and where the next one begins; `undefined` after the last one. */
export interface DeletedPage {
  readonly deleted: number;
  readonly lastKey: string | undefined;
}

/** The pages of the range calls. Each is a transaction of its own. */
export interface RangeOperations extends ScanOperations {
  /** Resolves to `false` if it may not or cannot: then the entries go by pages. */
  readonly truncate: Operation<null, boolean>;
  readonly deletePage: Operation<KeyRange, DeletedPage>;
  readonly deleteOwnedPage: Operation<OwnedPage, DeletedPage>;
}

export function rangeOperations(setup: OperationSetup): RangeOperations {
  const { statements, retryWrites } = setup;
  const page = { ...singleWrites(setup, retryWrites) };
  return {
    ...scanOperations(setup),
    truncate: {
      ...page,
      name: 'truncate',
      execute({ lease }, done) {
        settleWith(truncate(lease, statements.truncate), done);
      },
    },
    deletePage: {
      ...page,
      name: 'deletePage',
      execute({ lease, calls: [{ args }], lockWait }, done) {
        const values = [args.from, args.prefix, String(DELETE_PAGE_SIZE)];
        const work = async (): Promise<DeletedPage> => {
          const keys = await keysOf(lease, statements.rangePage, values, args, setup);
          const deleted = await deleteKeys(lease, statements.deleteRows, keys, [], lockWait);
          return { deleted, lastKey: lastOf(keys, DELETE_PAGE_SIZE) };
        };
        settleWith(work(), done);
      },
    },
    deleteOwnedPage: {
      ...page,
      name: 'deleteOwnedPage',
      execute({ lease, calls: [{ args }], lockWait }, done) {
        const { from, prefix, owner, except } = args;
        const values = [from, prefix, String(DELETE_PAGE_SIZE), owner];
        const work = async (): Promise<DeletedPage> => {
          const keys = await keysOf(lease, ofOwner(statements.ownerPage), values, args, setup);
          const gone = keys.filter((key) => !except.has(key));
          const statement = ofOwner(statements.deleteOwnedRows);
          const deleted = await deleteKeys(lease, statement, gone, [owner], lockWait);
          return { deleted, lastKey: lastOf(keys, DELETE_PAGE_SIZE) };
        };
        settleWith(work(), done);
      },
    },
  };
}

/** Others hold the table, or a foreign key refers to it. */
const TRUNCATES_NOT: ReadonlyArray<string | undefined> = [
  SqlState.LOCK_NOT_AVAILABLE,
  SqlState.FEATURE_NOT_SUPPORTED,
];

/** A statement that waits for the lock on the whole table has everybody else wait behind it. */
async function truncate(lease: Lease, statement: Statement): Promise<boolean> {
  try {
    await lease.transaction(TIMINGS.TRUNCATE_LOCK_WAIT, (query) => query(statement, []));
    return true;
  } catch (error) {
    if (isRefused(error) || TRUNCATES_NOT.includes(sqlState(error))) {
      return false;
    }
    throw error;
  }
}

async function keysOf(
  lease: Lease,
  statement: Statement,
  values: readonly Parameter[],
  range: KeyRange,
  setup: OperationSetup,
): Promise<string[]> {
  try {
    return keysWithin(
      range,
      await promised<StatementResult>((done) => lease.read(statement, values, done)),
      setup,
    );
  } catch (error) {
    throw new NothingWrittenError(error);
  }
}

async function deleteKeys(
  lease: Lease,
  statement: Statement,
  keys: readonly string[],
  further: readonly Parameter[],
  lockWait: number,
): Promise<number> {
  if (keys.length === 0) {
    return 0;
  }
  const values = [textArray(keys), ...further];
  const result = await promised<StatementResult>((done) =>
    lease.write(statement, values, lockWait, done),
  );
  return result.rowCount;
}
