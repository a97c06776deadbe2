import type { Batcher } from '../batching/batcher.js';
import type { Range, RangeTurn } from '../batching/range-turn.js';
import type { Operation } from '../batching/types.js';
import type { Operations } from '../operations/index.js';
import type { DeletedPage } from '../operations/ranges.js';
import type { PageRange, ScannedPage } from '../operations/scans.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { prefixRange, rangeAfter, type KeyRange } from '../sql/key-range.js';
import { restAfterPage } from '../utils/timers.js';

/** What range calls work on. */
export interface RangeTarget {
  readonly batcher: Batcher;
  readonly operations: Operations;
}

/** What a call that reads goes through: the entries under a prefix, of one owner or of all. */
export type ReadRange = Omit<Range, 'writes'>;

interface OwnedRange {
  readonly prefix: string;
  readonly owner: string;
  readonly except: ReadonlySet<string>;
}

/** Deletes every entry under a prefix. */
export async function deletePrefix(
  { batcher, operations }: RangeTarget,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await inRange(batcher, { prefix, owner: undefined, writes: true }, async (turn) => {
    const isTruncated =
      prefix === '' && (await batcher.submit(operations.truncate, turn, null, { signal }));
    return isTruncated
      ? 0
      : deletePages(batcher, prefix, signal, (rest) => {
          return batcher.submit(operations.deletePage, turn, rest, { signal });
        });
  });
}

/** Deletes the live entries of an owner. Resolves to how many there were. */
export function deleteOwner(
  { batcher, operations }: RangeTarget,
  { prefix, owner, except }: OwnedRange,
): Promise<number> {
  return inRange(batcher, { prefix, owner, writes: true }, (turn) =>
    deletePages(batcher, prefix, undefined, (rest) => {
      return batcher.submit(operations.deleteOwnedPage, turn, { ...rest, owner, except });
    }),
  );
}

/**
 * What the pages of an operation read: live keys or entries under a prefix, of one owner or of all. Takes its
 * place in the order at once.
 */
export function scan<T>(
  { batcher }: RangeTarget,
  pageOperation: Operation<PageRange, ScannedPage<T>>,
  range: ReadRange,
): AsyncGenerator<T> {
  return scanPages(batcher, pageOperation, batcher.openRange({ ...range, writes: false }));
}

async function* scanPages<T>(
  batcher: Batcher,
  pageOperation: Operation<PageRange, ScannedPage<T>>,
  turn: RangeTurn,
): AsyncGenerator<T> {
  const { prefix, owner } = turn.range;
  try {
    let rest = prefixRange(prefix);
    for (;;) {
      const begun = performance.now();
      const page = await batcher.submit(pageOperation, turn, { ...rest, owner });
      const took = performance.now() - begun;
      yield* page.items;
      if (page.lastKey === undefined) {
        return;
      }
      rest = rangeAfter(page.lastKey, rest);
      await leaveRoom(batcher, took);
    }
  } finally {
    batcher.finishRange(turn);
  }
}

/** How many live entries there are under a prefix, of one owner or of all. */
export function count({ batcher, operations }: RangeTarget, range: ReadRange): Promise<number> {
  return inRange(batcher, { ...range, writes: false }, (turn) => {
    const args = { ...prefixRange(range.prefix), owner: range.owner };
    return batcher.submit(operations.count, turn, args);
  });
}

async function inRange<T>(
  batcher: Batcher,
  range: Range,
  work: (turn: RangeTurn) => Promise<T>,
): Promise<T> {
  const turn = batcher.openRange(range);
  try {
    return await work(turn);
  } finally {
    batcher.finishRange(turn);
  }
}

/** Each page begins behind the last one: what those before it deleted is not read again. */
async function deletePages(
  batcher: Batcher,
  prefix: string,
  signal: AbortSignal | undefined,
  deletePage: (rest: KeyRange) => Promise<DeletedPage>,
): Promise<number> {
  let deleted = 0;
  let rest = prefixRange(prefix);
  try {
    for (;;) {
      const begun = performance.now();
      const page = await deletePage(rest);
      const took = performance.now() - begun;
      deleted += page.deleted;
      if (page.lastKey === undefined) {
        return deleted;
      }
      rest = rangeAfter(page.lastKey, rest);
      await leaveRoom(batcher, took, signal);
    }
  } catch (error) {
    throw error instanceof PostgresSessionError ? withDeleted(error, deleted) : error;
  }
}

/** Beside other calls, a range call in many pages gives way to them. */
async function leaveRoom(batcher: Batcher, pageTook: number, signal?: AbortSignal): Promise<void> {
  if (batcher.isBusy) {
    await restAfterPage(pageTook, signal);
  }
}

function withDeleted(
  { code, message, cause }: PostgresSessionError,
  deleted: number,
): PostgresSessionError {
  const told = `${message} ${deleted} rows had been deleted before.`;
  return new PostgresSessionError(code, told, { cause, deleted });
}
