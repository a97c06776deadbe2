import type { ClientBase } from 'pg';
import type { SubmitOptions } from '../batching/batcher.js';
import { Call, type Target } from '../batching/call.js';
import { RangeTurn, type Range } from '../batching/range-turn.js';
import { Refusal, type Lease, type Operation } from '../batching/types.js';
import { ClientLease } from '../pool/client-lease.js';
import { toSessionError } from '../pool/failure-policy.js';
import { unlessAborted } from '../utils/abort-signal.js';
import type { CallMaker, StoreAccess } from './store-access.js';

/** The place of a deletion in pages, all of which run before the calls that were made after it. */
interface Place {
  readonly ready: Promise<void>;
  readonly finish: () => void;
}

/** Makes calls on a client of the application, one after the other, each as soon as the one before it has ended. */
export class ClientCalls implements CallMaker {
  /** Nobody else waits for the client, so a call in pages need not rest between them. */
  readonly isBusy = false;
  private readonly lease: Lease;
  /** Settles when the last call that was made has ended; `undefined` if it has. */
  private last: Promise<void> | undefined;
  private readonly places = new WeakMap<RangeTurn, Place>();

  constructor(
    client: ClientBase,
    private readonly store: Pick<StoreAccess, 'checkMayWrite'>,
  ) {
    this.lease = new ClientLease(client);
  }

  submit<A, V>(
    operation: Operation<A, V>,
    target: Target,
    args: A,
    { signal, entryOwner }: SubmitOptions = {},
  ): Promise<V> {
    if (operation.writes) {
      this.store.checkMayWrite();
    }
    const run = (): Promise<V> => {
      return signal?.aborted
        ? Promise.reject(signal.reason as Error)
        : this.run(new Call(operation, target, args, entryOwner));
    };
    const place = target instanceof RangeTurn ? this.places.get(target) : undefined;
    const result = place === undefined ? this.afterLast(run) : place.ready.then(run);
    return signal === undefined ? result : unlessAborted(signal, result);
  }

  /** A scan has no place of its own: whoever reads it may make other calls between its pages. */
  openRange(range: Range): RangeTurn {
    const turn = new RangeTurn(range);
    if (range.writes) {
      let begin!: () => void;
      let finish!: () => void;
      const ready = new Promise<void>((resolve) => (begin = resolve));
      const finished = new Promise<void>((resolve) => (finish = resolve));
      this.places.set(turn, { ready, finish });
      void this.afterLast(() => {
        begin();
        return finished;
      });
    }
    return turn;
  }

  finishRange(turn: RangeTurn): void {
    this.places.get(turn)?.finish();
  }

  /** Does work once what was made before it has ended. What is made later waits for it. */
  private afterLast<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last === undefined ? work() : this.last.then(work);
    const forget = (): void => {
      if (this.last === ended) {
        this.last = undefined;
      }
    };
    const ended = result.then(forget, forget);
    this.last = ended;
    return result;
  }

  private run<A, V>(call: Call<A, V>): Promise<V> {
    const batch = { lease: this.lease, calls: [call], lockWait: 0 };
    try {
      call.operation.execute(batch, (error, results) => {
        if (results === undefined) {
          call.reject(toSessionError(error));
          return;
        }
        const [result] = results;
        if (result instanceof Refusal) {
          call.reject(result.error);
        } else {
          call.resolve(result);
        }
      });
    } catch (error) {
      call.reject(error);
    }
    return call.promise;
  }
}
