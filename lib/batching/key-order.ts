import type { AnyCall, Claim } from './call.js';
import type { Resource } from './call-kind.js';
import { Fifo } from './fifo.js';

/** So many keys without a call are kept before they are dropped all at once. */
const MOST_IDLE_KEYS = 1_024;

/**
 * Lets calls take effect in the order they were made, key by key: a call is ready once every earlier
 * one on its keys has ended. A call without keys is ordered against all.
 */
export class KeyOrder<R extends Resource> {
  /**
   * The last claim on each key, `undefined` where it has ended. Keys are not deleted one by one: that would
   * move the map to a new table every few dozen calls, and the old tables keep what they hold in memory
   * until the next large collection.
   */
  private tails = new Map<string, Claim<R> | undefined>();
  private idleKeys = 0;
  /** Calls on keys that have not ended. */
  private active = 0;
  private barrier: AnyCall<R> | undefined;
  /** Calls made after a barrier that has not ended. */
  private readonly held = new Fifo<AnyCall<R>>();

  /** @param ready called with each call when its turn has come. */
  constructor(private readonly ready: (call: AnyCall<R>) => void) {}

  add(call: AnyCall<R>): void {
    if (this.barrier === undefined) {
      this.admit(call);
    } else {
      this.held.push(call);
    }
  }

  /** A call has ended, so that those which waited for it may go. */
  end(call: AnyCall<R>): void {
    if (call.keys === undefined) {
      this.barrier = undefined;
      this.admitHeld();
      return;
    }
    for (const claim of call.claims ?? [call]) {
      this.leave(claim);
    }
    this.active -= 1;
    if (this.active === 0 && this.barrier !== undefined) {
      this.ready(this.barrier);
    }
  }

  private admitHeld(): void {
    while (this.barrier === undefined) {
      const call = this.held.shift();
      if (call === undefined) {
        return;
      }
      this.admit(call);
    }
  }

  private admit(call: AnyCall<R>): void {
    if (call.keys === undefined) {
      this.barrier = call;
      if (this.active === 0) {
        this.ready(call);
      }
      return;
    }
    if (typeof call.keys === 'string') {
      if (this.share(call)) {
        return;
      }
      this.enter(call);
    } else {
      call.claims = [...new Set(call.keys)].map((key) => ({ key, owner: call, next: undefined }));
      call.claims.forEach((claim) => this.enter(claim));
    }
    this.active += 1;
    if (call.blockers === 0) {
      this.ready(call);
    }
  }

  /** Lets a call share the place of the one before it on its key, if that was not sent yet. */
  private share(call: AnyCall<R>): boolean {
    const tail = this.tails.get(call.key)?.owner;
    if (
      tail === undefined ||
      tail.kind !== call.kind ||
      tail.kind.share === undefined ||
      tail.sent ||
      tail.alone ||
      call.alone
    ) {
      return false;
    }
    (tail.sharers ??= []).push(call);
    return true;
  }

  private enter(claim: Claim<R>): void {
    const tail = this.tails.get(claim.key);
    if (tail !== undefined) {
      tail.next = claim;
      claim.owner.blockers += 1;
    } else if (this.tails.has(claim.key)) {
      this.idleKeys -= 1;
    }
    this.tails.set(claim.key, claim);
  }

  private leave(claim: Claim<R>): void {
    const { next } = claim;
    if (next === undefined) {
      this.rest(claim.key);
      return;
    }
    claim.next = undefined;
    next.owner.blockers -= 1;
    if (next.owner.blockers === 0) {
      this.ready(next.owner);
    }
  }

  private rest(key: string): void {
    this.tails.set(key, undefined);
    this.idleKeys += 1;
    if (this.idleKeys >= MOST_IDLE_KEYS) {
      this.tails = new Map([...this.tails].filter(([, claim]) => claim !== undefined));
      this.idleKeys = 0;
    }
  }
}
