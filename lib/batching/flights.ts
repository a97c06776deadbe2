import type { AnyCall } from './call.js';
import type { AnyKind, Resource } from './call-kind.js';

/**
 * A read that is not answered although one sent this many milliseconds later was, is on a connection
 * that is dead.
 */
const STUCK_AFTER_MS = 1_000;

/** A statement under way, with the calls that it carries, one place a key. */
export interface Flight<R extends Resource> {
  readonly kind: AnyKind<R>;
  readonly resource: R;
  readonly places: ReadonlyArray<AnyCall<R>>;
  /** By the clock of `performance.now()`. */
  readonly since: number;
  /** Whether it no longer counts against the lanes of its kind. */
  slow: boolean;
}

/** The statements under way. They are few, so they are looked for one by one. */
export class Flights<R extends Resource> {
  private readonly all: Array<Flight<R>> = [];

  get count(): number {
    return this.all.length;
  }

  add(flight: Flight<R>): void {
    this.all.push(flight);
  }

  /** Whether it was there. */
  remove(flight: Flight<R>): boolean {
    const at = this.all.indexOf(flight);
    if (at !== -1) {
      this.all.splice(at, 1);
    }
    return at !== -1;
  }

  list(): Array<Flight<R>> {
    return [...this.all];
  }

  with(call: AnyCall<R>): Flight<R> | undefined {
    return this.all.find(({ places }) =>
      places.some((place) => place === call || place.sharers?.includes(call)),
    );
  }

  /** How many resources they occupy; some share one. */
  get resources(): number {
    return new Set(this.all.map(({ resource }) => resource)).size;
  }

  /** A resource that takes one more statement of a kind, behind one that answers in time. */
  joinable(kind: AnyKind<R>): R | undefined {
    return this.all.find((flight) => counts(flight, kind) && flight.resource.joinable)?.resource;
  }

  /** Statements of a kind that count against its lanes. */
  busy(kind: AnyKind<R>): number {
    return this.all.reduce((sum, flight) => (counts(flight, kind) ? sum + 1 : sum), 0);
  }

  /** How many calls the largest of these carries. */
  largest(kind: AnyKind<R>): number {
    return this.all.reduce(
      (most, flight) => (counts(flight, kind) ? Math.max(most, flight.places.length) : most),
      0,
    );
  }

  /** Those not answered within so many milliseconds no longer count against their lanes. */
  markSlow(after: number): void {
    const now = performance.now();
    for (const flight of this.all) {
      flight.slow ||= now - flight.since >= after;
    }
  }

  /** Reads whose connection is dead, as the answer to a later one shows. */
  stuckBehind(landed: Flight<R>): Array<Flight<R>> {
    return this.all.filter(
      ({ kind, since }) => !kind.writes && landed.since - since >= STUCK_AFTER_MS,
    );
  }
}

function counts<R extends Resource>(flight: Flight<R>, kind: AnyKind<R>): boolean {
  return flight.kind === kind && !flight.slow;
}
