import type { AnyCall } from './call.js';

/** The entries that a range call can meet: those under a prefix, of one owner or of all. */
export interface Range {
  readonly prefix: string;
  readonly owner: string | undefined;
  /** Whether it deletes them. */
  readonly writes: boolean;
}

/** The place of a range call in the order. Its pages travel as calls of their own. */
export class RangeTurn {
  /** Earlier writes that it waits for. */
  blockers = 0;
  /** Its first page, while it waits for its turn. */
  firstPage: AnyCall | undefined;
  /** Pages that have not ended. */
  openPages = 0;
  finished = false;
  /** Later writes and range calls that wait for it. */
  readonly behind: Array<AnyCall | RangeTurn> = [];

  constructor(readonly range: Range) {}

  /** Whether a later write has to wait for it: what it deletes must not be written before. */
  holds(call: AnyCall): boolean {
    const { owner } = this.range;
    return call.operation.writes && (owner === undefined || owner === call.entryOwner)
      ? keysOf(call).some((key) => key.startsWith(this.range.prefix))
      : false;
  }

  /** Whether both can meet the same entry. No entry has two owners. */
  overlaps({ prefix, owner }: Range): boolean {
    const its = this.range;
    return (
      (owner === undefined || its.owner === undefined || owner === its.owner) &&
      (prefix.startsWith(its.prefix) || its.prefix.startsWith(prefix))
    );
  }
}

/** The keys that a call stands for in the order; the page of a range call stands for none. */
export function keysOf({ target }: AnyCall): readonly string[] {
  if (typeof target === 'string') {
    return [target];
  }
  return target instanceof RangeTurn ? [] : target;
}
