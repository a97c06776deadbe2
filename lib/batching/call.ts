import type { CallKind, Resource } from './call-kind.js';

/** A place in the line of one key. A call on one key is its own claim; one on many keys has several. */
export interface Claim<R extends Resource> {
  readonly key: string;
  readonly owner: AnyCall<R>;
  next: Claim<R> | undefined;
}

/** A call of any kind. Its arguments and result are the kind's own affair. */
// The kind alone reads `args` and makes results, so the dispatcher may see both as `never` and `unknown`.
export type AnyCall<R extends Resource> = Call<R, never, never>;

/** One call on its way: made, waiting for earlier ones on its keys, ready, sent, settled. */
export class Call<R extends Resource, A, V> implements Claim<R> {
  next: Claim<R> | undefined;
  /** Of a call on many keys. */
  claims: Array<Claim<R>> | undefined;
  /** Earlier calls that it waits for. */
  blockers = 0;
  /** Later calls on the same key that share its place. */
  sharers: Array<Call<R, A, V>> | undefined;
  /** Whether its statement may not carry others. */
  alone = false;
  attempts = 0;
  sent = false;
  settled = false;
  /** When it times out, by the dispatcher's clock. */
  deadline = Infinity;
  /** Its neighbours among the calls that have not settled. */
  older: AnyCall<R> | undefined;
  younger: AnyCall<R> | undefined;
  /** The last failure that was to be mended by trying again. */
  lastError: unknown;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  readonly promise: Promise<V>;
  resolve!: (value: V) => void;
  reject!: (error: unknown) => void;

  /** @param keys one key, several, or `undefined` for a call that is ordered against every other. */
  constructor(
    readonly kind: CallKind<R, A, V>,
    readonly keys: string | readonly string[] | undefined,
    readonly args: A,
  ) {
    this.promise = new Promise<V>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get key(): string {
    return this.keys as string;
  }

  get owner(): AnyCall<R> {
    return this as unknown as AnyCall<R>;
  }

  /** The call whose arguments are to be sent: the last of those that share the place and still want it. */
  representative(): Call<R, A, V> | undefined {
    if (this.sharers !== undefined) {
      for (let n = this.sharers.length - 1; n >= 0; n -= 1) {
        if (!this.sharers[n].settled) {
          return this.sharers[n];
        }
      }
    }
    return this.settled ? undefined : this;
  }

  /** Itself and those that share its place. */
  *group(): Generator<Call<R, A, V>> {
    yield this;
    if (this.sharers !== undefined) {
      yield* this.sharers;
    }
  }
}
