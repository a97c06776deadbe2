import type { AnyCall, Claim } from './call.js';
import type { Resource } from './call-kind.js';
import { Fifo } from './fifo.js';

/**
 * Lets calls take effect in the order they were made, key by key: a call is ready once every earlier
 * one on its keys has ended. A call without keys is ordered against all.
 */
export class KeyOrder<R extends Resource> {
  /**
   * Where in `claims` the last claim on a key is. Not the claim itself: a `Map` moves to a new table every
   * few dozen calls, and the old tables keep what they hold in memory until the next large collection.
   */
  private readonly tails = new Map<string, number>();
  private readonly claims: Array<Claim<R> | undefined> = [];
  private readonly freeSlots: number[] = [];
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
      call.claims = [...new Set(call.keys)].map((key) => ({
        key,
        owner: call,
        slot: 0,
        next: undefined,
      }));
      call.claims.forEach((claim) => this.enter(claim));
    }
    this.active += 1;
    if (call.blockers === 0) {
      this.ready(call);
    }
  }

  /** Lets a call share the place of the one before it on its key, if that was not sent yet. */
  private share(call: AnyCall<R>): boolean {
    const tail = this.tailOf(call.key)?.owner;
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

  private tailOf(key: string): Claim<R> | undefined {
    const slot = this.tails.get(key);
    return slot === undefined ? undefined : this.claims[slot];
  }

  private enter(claim: Claim<R>): void {
    const taken = this.tails.get(claim.key);
    if (taken === undefined) {
      claim.slot = this.freeSlots.pop() ?? this.claims.length;
      this.tails.set(claim.key, claim.slot);
    } else {
      claim.slot = taken;
      (this.claims[taken] as Claim<R>).next = claim;
      claim.owner.blockers += 1;
    }
    this.claims[claim.slot] = claim;
  }

  private leave(claim: Claim<R>): void {
    const { next } = claim;
    if (next === undefined) {
      this.tails.delete(claim.key);
      this.claims[claim.slot] = undefined;
      this.freeSlots.push(claim.slot);
      return;
    }
    claim.next = undefined;
    next.owner.blockers -= 1;
    if (next.owner.blockers === 0) {
      this.ready(next.owner);
    }
  }
}
