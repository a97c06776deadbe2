import type { AnyCall, Claim } from './call.js';
import { keysOf, RangeTurn, type Range } from './range-turn.js';

/** So many keys without a call are kept before they are dropped all at once. */
const MOST_IDLE_KEYS = 1_024;

/**
 * Lets calls take effect in the order they were made, key by key: a call is ready once every earlier one on
 * its keys has ended. Range calls wait for the earlier writes that they can meet; only later writes that
 * they can meet wait for them.
 */
export class KeyOrder {
  /**
   * The last claim on each key, `undefined` where it has ended. Keys are not deleted one by one: that moves
   * the map to a new table every few dozen calls, and the old tables keep what they hold in memory until
   * the next large collection.
   */
  private tails = new Map<string, Claim | undefined>();
  private idleKeys = 0;
  /** Range calls that delete and have not ended; few, mostly none. */
  private ranges: RangeTurn[] = [];
  private readonly readyCalls: AnyCall[] = [];
  private announcing = false;

  /** @param ready called with each call when its turn has come. */
  constructor(private readonly ready: (call: AnyCall) => void) {}

  add(call: AnyCall): void {
    if (typeof call.target === 'string') {
      if (this.follow(call) || this.joinReads(call)) {
        return;
      }
      this.enter(call);
    } else {
      call.claims = keysOf(call).map((key) => ({ key, call, next: undefined }));
      call.claims.forEach((claim) => this.enter(claim));
    }
    for (const turn of this.ranges) {
      if (turn.holds(call)) {
        call.blockers += 1;
        turn.behind.push(call);
      }
    }
    if (call.blockers === 0) {
      this.announce(call);
    }
  }

  /** A range call takes its place: behind the earlier writes that it can meet. */
  openRange(range: Range): RangeTurn {
    const turn = new RangeTurn(range);
    const waitFor = new Set<AnyCall>();
    for (const [key, tail] of this.tails) {
      // A read that waits for nothing has no write before it.
      if (tail !== undefined && key.startsWith(range.prefix) && isWriteOrBehindOne(tail.call)) {
        waitFor.add(tail.call);
      }
    }
    for (const call of waitFor) {
      (call.rangesBehind ??= []).push(turn);
    }
    const before = this.ranges.filter((earlier) => earlier.overlaps(range));
    before.forEach((earlier) => earlier.behind.push(turn));
    turn.blockers = waitFor.size + before.length;
    if (range.writes) {
      this.ranges.push(turn);
    }
    return turn;
  }

  /** Whether a range call that deletes has not ended. */
  get isDeletingRanges(): boolean {
    return this.ranges.length > 0;
  }

  /** A page of a range call is ready when the range call is. */
  addPage(page: AnyCall, turn: RangeTurn): void {
    turn.openPages += 1;
    if (turn.blockers > 0) {
      turn.firstPage = page;
    } else {
      this.announce(page);
    }
  }

  /** No more pages come. The range call ends with the last one that is open. */
  finishRange(turn: RangeTurn): void {
    turn.finished = true;
    this.endRange(turn);
  }

  /** A call has ended: those that waited for it may go. */
  end(call: AnyCall): void {
    const { target } = call;
    if (typeof target === 'string') {
      this.endKey(call);
    } else if (call.claims !== undefined) {
      call.claims.forEach((claim) => this.leave(claim));
    } else {
      const turn = target as RangeTurn;
      turn.openPages -= 1;
      this.endRange(turn);
    }
    call.rangesBehind?.forEach((turn) => this.unblock(turn));
  }

  /** Lets a call share the place of the one before it on its key, if that was not sent yet. */
  private follow(call: AnyCall): boolean {
    const tail = this.tails.get(call.key)?.call;
    const leader = tail?.readGroup?.latest ?? tail;
    if (
      leader === undefined ||
      leader.operation !== call.operation ||
      leader.operation.share === undefined ||
      leader.inFlight ||
      leader.alone ||
      // It would pass by a range call that was made between the two.
      (call.operation.writes && leader.rangesBehind !== undefined)
    ) {
      return false;
    }
    (leader.followers ??= []).push(call);
    call.leader = leader;
    return true;
  }

  /** Lets a read go beside one on its key that was sent already: reads do not wait for reads. */
  private joinReads(call: AnyCall): boolean {
    const claim = this.tails.get(call.key);
    const first = claim?.call;
    if (
      claim === undefined ||
      first === undefined ||
      call.operation.writes ||
      first.operation.writes ||
      first.blockers > 0
    ) {
      return false;
    }
    const group = (first.readGroup ??= { claim, open: 1, latest: first });
    group.open += 1;
    group.latest = call;
    call.readGroup = group;
    this.announce(call);
    return true;
  }

  private endKey(call: AnyCall): void {
    const group = call.readGroup;
    if (group === undefined) {
      this.leave(call);
      return;
    }
    group.open -= 1;
    if (group.open === 0) {
      this.leave(group.claim);
    }
  }

  private enter(claim: Claim): void {
    const tail = this.tails.get(claim.key);
    if (tail !== undefined) {
      tail.next = claim;
      claim.call.blockers += 1;
    } else if (this.tails.has(claim.key)) {
      this.idleKeys -= 1;
    }
    this.tails.set(claim.key, claim);
  }

  private leave(claim: Claim): void {
    const { next } = claim;
    if (next === undefined) {
      this.forget(claim.key);
      return;
    }
    claim.next = undefined;
    this.unblock(next.call);
  }

  private forget(key: string): void {
    this.tails.set(key, undefined);
    this.idleKeys += 1;
    if (this.idleKeys >= MOST_IDLE_KEYS) {
      this.tails = new Map([...this.tails].filter(([, claim]) => claim !== undefined));
      this.idleKeys = 0;
    }
  }

  private endRange(turn: RangeTurn): void {
    // A first page that was given up while it waited is never sent.
    const wasGivenUp = turn.blockers > 0 && turn.firstPage?.settled === true;
    if (!turn.finished || (turn.openPages > 0 && !wasGivenUp)) {
      return;
    }
    this.ranges = this.ranges.filter((other) => other !== turn);
    turn.behind.splice(0).forEach((waiting) => this.unblock(waiting));
  }

  private unblock(waiting: AnyCall | RangeTurn): void {
    waiting.blockers -= 1;
    if (waiting.blockers > 0) {
      return;
    }
    const call = waiting instanceof RangeTurn ? waiting.firstPage : waiting;
    if (call !== undefined) {
      this.announce(call);
    }
  }

  /** In a loop, since a call that is ready may end at once: a thousand on one key would overflow the stack. */
  private announce(call: AnyCall): void {
    this.readyCalls.push(call);
    if (this.announcing) {
      return;
    }
    this.announcing = true;
    try {
      for (let next = this.readyCalls.shift(); next !== undefined; next = this.readyCalls.shift()) {
        this.ready(next);
      }
    } finally {
      this.announcing = false;
    }
  }
}

function isWriteOrBehindOne(call: AnyCall): boolean {
  return call.operation.writes || call.blockers > 0;
}
