import type { AnyCall } from './call.js';
import type { CallKind, Resource, ResourceSource } from './call-kind.js';
import { Fifo } from './fifo.js';

/**
 * A statement that is not answered within this many milliseconds no longer counts against its kind's
 * lanes, so that one locked row, or one dead connection, does not hold up the calls behind it.
 */
const SLOW_AFTER_MS = 500;

/**
 * A read that is not answered although one sent this many milliseconds later was, is on a connection
 * that is dead.
 */
const STUCK_AFTER_MS = 1_000;

/** Fewer calls than this go into one statement even when a second lane is free. */
const SPLIT_FROM = 16;

type AnyKind<R extends Resource> = CallKind<R, never, never>;

/** A statement under way, with the calls that it carries, one place a key. */
export interface Flight<R extends Resource> {
  readonly kind: AnyKind<R>;
  readonly resource: R;
  readonly places: ReadonlyArray<AnyCall<R>>;
  readonly since: number;
  slow: boolean;
}

export interface LanesEvents<R extends Resource> {
  landed(flight: Flight<R>, error: unknown, results: readonly unknown[] | undefined): void;
  /** A read whose connection is dead, as answers to later ones show. */
  stuck(flight: Flight<R>): void;
  /** No resource was to be had for these calls. */
  grounded(calls: ReadonlyArray<AnyCall<R>>, error: unknown): void;
  /** A call that nobody waits for any more was taken out before it was sent. */
  dropped(call: AnyCall<R>): void;
}

/** The queue of one kind of calls. */
interface Line<R extends Resource> {
  readonly kind: AnyKind<R>;
  readonly queue: Fifo<AnyCall<R>>;
  /** Statements under way that count against the lanes. */
  busy: number;
  /** Whether a resource was asked for; the calls gather until it is there. */
  gathering: boolean;
}

/** Takes ready calls into statements, as many at once as the lanes of their kind allow. */
export class Lanes<R extends Resource> {
  private readonly lines = new Map<AnyKind<R>, Line<R>>();
  private readonly inFlight = new Set<Flight<R>>();
  private acquiring = 0;
  private slowTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: ResourceSource<R>,
    private readonly events: LanesEvents<R>,
  ) {}

  get isIdle(): boolean {
    return this.inFlight.size === 0;
  }

  enqueue(call: AnyCall<R>): void {
    call.sent = false;
    let line = this.lines.get(call.kind);
    if (line === undefined) {
      line = { kind: call.kind, queue: new Fifo(), busy: 0, gathering: false };
      this.lines.set(call.kind, line);
    }
    line.queue.push(call);
    this.pump(line);
  }

  flights(): Array<Flight<R>> {
    return [...this.inFlight];
  }

  flightOf(call: AnyCall<R>): Flight<R> | undefined {
    for (const flight of this.inFlight) {
      for (const place of flight.places) {
        if (place === call || place.sharers?.includes(call)) {
          return flight;
        }
      }
    }
    return undefined;
  }

  /** Forgets a flight; whatever still comes of it is ignored. Returns whether it was under way. */
  forget(flight: Flight<R>): boolean {
    if (!this.inFlight.delete(flight)) {
      return false;
    }
    if (!flight.slow) {
      this.lineOf(flight.kind).busy -= 1;
    }
    return true;
  }

  /** Sends what waits, as far as the lanes are free. */
  pumpAll(): void {
    for (const line of this.lines.values()) {
      this.pump(line);
    }
  }

  private pump(line: Line<R>): void {
    if (line.gathering || line.queue.length === 0) {
      return;
    }
    if (
      line.busy >= line.kind.lanes ||
      this.inFlight.size + this.acquiring >= this.source.capacity
    ) {
      this.watchForSlow();
      return;
    }
    line.gathering = true;
    this.acquiring += 1;
    this.source.acquire((error, resource) => {
      line.gathering = false;
      this.acquiring -= 1;
      if (resource === undefined) {
        this.events.grounded(this.takeAll(line), error);
      } else {
        this.depart(line, resource);
      }
    });
  }

  private depart(line: Line<R>, resource: R): void {
    const places = this.take(line);
    if (places.length === 0) {
      resource.release(false);
      return;
    }
    const { kind } = line;
    const flight: Flight<R> = { kind, resource, places, since: performance.now(), slow: false };
    this.inFlight.add(flight);
    line.busy += 1;
    const calls = places.map((place) => {
      place.sent = true;
      return place.representative() as AnyCall<R>;
    });
    kind.execute(resource, calls, (error, results) => {
      if (this.forget(flight)) {
        this.events.landed(flight, error, results);
        this.findStuck(flight);
        this.pumpAll();
      }
    });
    this.pump(line);
  }

  /** The calls of the next statement. Where other lanes are free too, they get their share. */
  private take(line: Line<R>): Array<AnyCall<R>> {
    const { kind, queue } = line;
    const free = kind.lanes - line.busy;
    const share = queue.length < SPLIT_FROM ? queue.length : Math.ceil(queue.length / free);
    const rows = Math.min(kind.maxRows, share);
    const places: Array<AnyCall<R>> = [];
    let weight = 0;
    while (places.length < rows) {
      const call = this.peekWanted(queue);
      if (call === undefined) {
        break;
      }
      weight += kind.weigh(call.args);
      if (places.length > 0 && (call.alone || weight > kind.maxWeight)) {
        break;
      }
      queue.shift();
      places.push(call);
      if (call.alone) {
        break;
      }
    }
    return places;
  }

  private takeAll(line: Line<R>): Array<AnyCall<R>> {
    const calls: Array<AnyCall<R>> = [];
    for (let call = this.peekWanted(line.queue); call; call = this.peekWanted(line.queue)) {
      line.queue.shift();
      calls.push(call);
    }
    return calls;
  }

  /** The next call that somebody still waits for; those before it leave the queue. */
  private peekWanted(queue: Fifo<AnyCall<R>>): AnyCall<R> | undefined {
    for (let call = queue.peek(); call !== undefined; call = queue.peek()) {
      if (call.representative() !== undefined) {
        return call;
      }
      queue.shift();
      this.events.dropped(call);
    }
    return undefined;
  }

  private findStuck(landed: Flight<R>): void {
    for (const flight of this.inFlight) {
      if (!flight.kind.writes && landed.since - flight.since >= STUCK_AFTER_MS) {
        this.events.stuck(flight);
      }
    }
  }

  private watchForSlow(): void {
    this.slowTimer ??= setTimeout(() => {
      this.slowTimer = undefined;
      const now = performance.now();
      for (const flight of this.inFlight) {
        if (!flight.slow && now - flight.since >= SLOW_AFTER_MS) {
          flight.slow = true;
          this.lineOf(flight.kind).busy -= 1;
        }
      }
      this.pumpAll();
    }, SLOW_AFTER_MS).unref();
  }

  private lineOf(kind: AnyKind<R>): Line<R> {
    return this.lines.get(kind) as Line<R>;
  }
}
