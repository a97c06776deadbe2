import type { Range, RangeTurn } from '../batching/range-turn.js';
import type { Operation } from '../batching/types.js';
import type { DeletedPage } from '../operations/ranges.js';
import type { PageRange, ScannedPage } from '../operations/scans.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { prefixRange, rangeAfter, type KeyRange } from '../sql/key-range.js';
import { restAfterPage } from '../utils/timers.js';
import type { CallMaker, ReadyStore } from './store-access.js';

/** What a call that reads goes through: the entries under a prefix, of one owner or of all. */
export type ReadRange = Omit<Range, 'writes'>;

interface OwnedRange {
  readonly prefix: string;
  readonly owner: string;
  readonly except: ReadonlySet<string>;
}

/** Deletes every entry under a prefix. */
export async function deletePrefix(
  { calls, operations, mayTruncate }: ReadyStore,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await inRange(calls, { prefix, owner: undefined, writes: true }, async (turn) => {
    const isTruncated =
      mayTruncate &&
      prefix === '' &&
      (await calls.submit(operations.truncate, turn, null, { signal }));
    return isTruncated
      ? 0
      : deletePages(calls, prefix, signal, (rest) => {
          return calls.submit(operations.deletePage, turn, rest, { signal });
        });
  });
}

/** Deletes the live entries of an owner. Resolves to how many there were. */
export function deleteOwner(
  { calls, operations }: ReadyStore,
  { prefix, owner, except }: OwnedRange,
): Promise<number> {
  return inRange(calls, { prefix, owner, writes: true }, (turn) =>
    deletePages(calls, prefix, undefined, (rest) => {
      return calls.submit(operations.deleteOwnedPage, turn, { ...rest, owner, except });
    }),
  );
}

/**
 * What the pages of an operation read: live keys or entries under a prefix, of one owner or of all. Takes its
 * place in the order at once.
 */
export function scan<T>(
  { calls }: ReadyStore,
  pageOperation: Operation<PageRange, ScannedPage<T>>,
  range: ReadRange,
): AsyncGenerator<T> {
  return scanPages(calls, pageOperation, calls.openRange({ ...range, writes: false }));
}

async function* scanPages<T>(
  calls: CallMaker,
  pageOperation: Operation<PageRange, ScannedPage<T>>,
  turn: RangeTurn,
): AsyncGenerator<T> {
  const { prefix, owner } = turn.range;
  const readPage = (rest: KeyRange): Promise<ScannedPage<T>> => {
    return calls.submit(pageOperation, turn, { ...rest, owner });
  };
  try {
    for await (const { items } of pages(calls, prefix, readPage)) {
      yield* items;
    }
  } finally {
    calls.finishRange(turn);
  }
}

/** How many live entries there are under a prefix, of one owner or of all. */
export function count({ calls, operations }: ReadyStore, range: ReadRange): Promise<number> {
  return inRange(calls, { ...range, writes: false }, (turn) => {
    const args = { ...prefixRange(range.prefix), owner: range.owner };
    return calls.submit(operations.count, turn, args);
  });
}

async function inRange<T>(
  calls: CallMaker,
  range: Range,
  work: (turn: RangeTurn) => Promise<T>,
): Promise<T> {
  const turn = calls.openRange(range);
  try {
    return await work(turn);
  } finally {
    calls.finishRange(turn);
  }
}

async function deletePages(
  calls: CallMaker,
  prefix: string,
  signal: AbortSignal | undefined,
  deletePage: (rest: KeyRange) => Promise<DeletedPage>,
): Promise<number> {
  let deleted = 0;
  try {
    for await (const page of pages(calls, prefix, deletePage, signal)) {
      deleted += page.deleted;
    }
    return deleted;
  } catch (error) {
    throw error instanceof PostgresSessionError ? withDeleted(error, deleted) : error;
  }
}

/**
 * The pages under a prefix. Each begins behind the last one: what those before it deleted is not read again. Beside
 * other calls, it gives way to them between two pages.
 */
async function* pages<P extends { readonly lastKey: string | undefined }>(
  calls: CallMaker,
  prefix: string,
  take: (rest: KeyRange) => Promise<P>,
  signal?: AbortSignal,
): AsyncGenerator<P> {
  let rest = prefixRange(prefix);
  for (;;) {
    const begun = performance.now();
    const page = await take(rest);
    const took = performance.now() - begun;
    yield page;
    if (page.lastKey === undefined) {
      return;
    }
    rest = rangeAfter(page.lastKey, rest);
    if (calls.isBusy) {
      await restAfterPage(took, signal);
    }
  }
}

function withDeleted(
  { code, message, cause }: PostgresSessionError,
  deleted: number,
): PostgresSessionError {
  const told = `${message} ${deleted} rows had been deleted before.`;
  return new PostgresSessionError(code, told, { cause, deleted });
}
