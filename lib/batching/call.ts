import type { RangeTurn } from './range-turn.js';
import type { Operation } from './types.js';

/** A place in the line of one key. A call on one key is its own claim; one on many keys has several. */
export interface Claim {
  readonly key: string;
  readonly call: AnyCall;
  next: Claim | undefined;
}

/** Reads of one key that were not sent together; they share its place in the line, and a write waits for all. */
export interface ReadGroup {
  readonly claim: Claim;
  /** Those that have not ended. */
  open: number;
  /** The last one: a later read follows it if it was not sent yet. */
  latest: AnyCall;
}

/** A call of any operation, whose arguments and result are that operation's own affair. */
export type AnyCall = Call<never, never>;

/** What a call stands for in the order: one key, several, or a page of a range call. */
export type Target = string | readonly string[] | RangeTurn;

/**
 * One call on its way: *pending* until earlier calls on its keys have ended and a batch takes it, then *in
 * flight*, then *settled* for its caller. It *ends* when later calls on its keys may go.
 */
export class Call<A, V> implements Claim {
  next: Claim | undefined;
  /** Of a call on many keys. */
  claims: Claim[] | undefined;
  /** Of a read that does not wait for another one on its key. */
  readGroup: ReadGroup | undefined;
  /** Range calls that wait for this one. */
  rangesBehind: RangeTurn[] | undefined;
  /** Earlier calls that it waits for. */
  blockers = 0;
  /** Later calls on the same key that share its place. */
  followers: Array<Call<A, V>> | undefined;
  /** The one whose place it shares. */
  leader: AnyCall | undefined;
  /** Whether its batch may not carry others. */
  alone = false;
  /** Whether somebody else was found to hold a lock that it needs. */
  locked = false;
  attempts = 0;
  /** Whether it waits for a batch, and for nothing else. */
  queued = false;
  inFlight = false;
  settled = false;
  /** When it times out, by the clock of the pending calls. */
  deadline = Infinity;
  /** Its neighbours among the calls that have not settled. */
  older: AnyCall | undefined;
  younger: AnyCall | undefined;
  /** The last failure after which it, and its followers with it, was tried again. */
  lastError: unknown;
  /** Ends the wait for the caller's signal. */
  unwatch: (() => void) | undefined;
  readonly promise: Promise<V>;
  resolve!: (value: V) => void;
  reject!: (error: unknown) => void;
  private given: A | undefined;

  constructor(
    readonly operation: Operation<A, V>,
    readonly target: Target,
    args: A,
    /** Of a call that writes the entries of one owner. */
    readonly entryOwner: string | undefined,
  ) {
    this.given = args;
    this.promise = new Promise<V>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get key(): string {
    return this.target as string;
  }

  get call(): AnyCall {
    return this as unknown as AnyCall;
  }

  get args(): A {
    return this.given as A;
  }

  /** Lets go of the arguments: a call may stay in a queue for long after it has settled. */
  dropArguments(): void {
    this.given = undefined;
  }

  /** The call whose arguments are to be sent: the last of those that share the place and still wait. */
  lastWaiting(): Call<A, V> | undefined {
    const last = this.followers?.findLast(({ settled }) => !settled);
    return last ?? (this.settled ? undefined : this);
  }
}
