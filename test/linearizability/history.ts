/**
 * What a call on one key can be. `moveIn` is a move to the key that it writes; to the one that it takes the entry
 * from it is a deletion, with the same result. `erase` is a deletion that does not tell what it met, `refusedSet` a write
 * of what a constraint of the table does not let in.
 */
export type Operation =
  | { kind: 'get' }
  | { kind: 'set'; value: string }
  | { kind: 'setIfAbsent'; value: string }
  | { kind: 'setIfPresent'; value: string }
  | { kind: 'moveIn'; value: string }
  | { kind: 'touch' }
  | { kind: 'delete' }
  | { kind: 'getAndDelete' }
  | { kind: 'compareAndSet'; expected: string; next: string }
  | { kind: 'increment'; by: number }
  | { kind: 'erase' }
  | { kind: 'refusedSet' };

/** A call as its caller saw it. Times are nanoseconds of a clock that all processes share. */
export interface RecordedCall {
  key: string;
  operation: Operation;
  start: number;
  /** null: the call failed without telling whether it took effect, at once, later or never. */
  end: number | null;
  /** null stands for undefined. Of no meaning where `end` is null. */
  result: Result;
}

export type Result = string | number | boolean | null;

/** What `increment` comes to on a value that is no counter. */
export const NOT_A_COUNTER = 'ERR_NOT_A_COUNTER';

/** What the database's refusal of a statement comes to. */
export const REFUSED = 'ERR_QUERY';

/** The value under a key; null: there is no entry. */
export type State = string | null;

export function byKey(calls: Iterable<RecordedCall>): Map<string, RecordedCall[]> {
  const histories = new Map<string, RecordedCall[]>();
  for (const call of calls) {
    const history = histories.get(call.key);
    if (history) history.push(call);
    else histories.set(call.key, [call]);
  }
  return histories;
}
