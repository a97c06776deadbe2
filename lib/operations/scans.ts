import type { Operation } from '../batching/types.js';
import type { SessionEntry } from '../interfaces/key-value-store.interface.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { protocolError } from '../protocol/protocol-error.js';
import type { KeyRange } from '../sql/key-range.js';
import type { Parameter, Statement, StatementResult } from '../sql/statement.js';
import { entryOf, markers } from './reads.js';
import { gatheredReads, onlyRowOf, read, type OperationSetup } from './shared.js';

/** Keys, or entries, that a page of a scan holds. */
const PAGE_SIZE = 500;

/** Bytes of values after which a page of entries ends: it has these, and those of one more entry at most. */
const PAGE_BYTES = 1_048_576;

/** The rest of a range, of one owner's entries or of all. */
export interface PageRange extends KeyRange {
  readonly owner?: string;
}

/** What a page read, and behind which key the next one begins; `undefined` after the last page. */
export interface ScannedPage<T> {
  readonly items: readonly T[];
  readonly lastKey: string | undefined;
}

/** Calls that read a range. */
export interface ScanOperations {
  readonly scanPage: Operation<PageRange, ScannedPage<string>>;
  readonly entriesPage: Operation<PageRange, ScannedPage<[key: string, entry: SessionEntry]>>;
  readonly count: Operation<PageRange, number>;
}

export function scanOperations(setup: OperationSetup): ScanOperations {
  const { statements } = setup;
  const nextMarker = markers();
  const alone = {
    ...gatheredReads(setup),
    concurrency: setup.limits.singleConcurrency,
    maxRows: 1,
    pipelined: false,
  };
  return {
    scanPage: {
      ...alone,
      name: 'scanPage',
      execute({ lease, calls: [{ args }] }, done) {
        const statement = ofRange(args, statements.scanPage, statements.ownerPage);
        read(lease, statement, rangeParameters(args, String(PAGE_SIZE)), done, (result) => {
          const keys = keysWithin(args, result, setup);
          return [{ items: keys, lastKey: lastOf(keys, PAGE_SIZE) }];
        });
      },
    },
    entriesPage: {
      ...alone,
      name: 'entriesPage',
      execute({ lease, calls: [{ args }] }, done) {
        const statement = ofRange(args, statements.entriesPage, statements.ownedEntriesPage);
        const values = rangeParameters(args, String(PAGE_SIZE), String(PAGE_BYTES));
        read(lease, statement, values, done, (result) => {
          const keys = keysWithin(args, result, setup);
          const items = result.rows.map(
            (row, n) => [keys[n], entryOf(row)] as [string, SessionEntry],
          );
          const bytes = items.reduce((sum, [, { value }]) => sum + value.length, 0);
          const isCut = bytes >= PAGE_BYTES;
          return [{ items, lastKey: isCut ? keys.at(-1) : lastOf(keys, PAGE_SIZE) }];
        });
      },
    },
    count: {
      ...alone,
      name: 'count',
      execute({ lease, calls: [{ args }] }, done) {
        const statement = ofRange(args, statements.count, statements.ownedCount);
        const marker = nextMarker();
        read(lease, statement, rangeParameters(args, marker), done, (result) => [
          onlyRowOf(marker, result)[1] as number,
        ]);
      },
    },
  };
}

function rangeParameters({ from, prefix, owner }: PageRange, ...further: Parameter[]): Parameter[] {
  return [from, prefix, ...further, ...(owner === undefined ? [] : [owner])];
}

function ofRange({ owner }: PageRange, all: Statement, owned: Statement | undefined): Statement {
  return owner === undefined ? all : ofOwner(owned);
}

/** A statement that needs the owner column, if the table has one. */
export function ofOwner(statement: Statement | undefined): Statement {
  if (statement === undefined) {
    throw ownerUnsupported();
  }
  return statement;
}

export function ownerUnsupported(): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_OWNER_UNSUPPORTED',
    'The table has no column "owner", so entries cannot be found by their owner. A table that this module makes has it.',
  );
}

export function keysWithin(
  { prefix, from }: KeyRange,
  { rows }: StatementResult,
  { sortsAsUtf8 }: OperationSetup,
): string[] {
  const first = Buffer.from(from);
  return rows.map(([column]) => {
    const key = column as string;
    if (!key.startsWith(prefix) || (sortsAsUtf8 && Buffer.from(key).compare(first) < 0)) {
      throw protocolError('it has keys outside of the range');
    }
    return key;
  });
}

/** A page that is not full is the last one. */
export function lastOf(keys: readonly string[], pageSize: number): string | undefined {
  return keys.length < pageSize ? undefined : keys.at(-1);
}
