import type { AnyCall } from './call.js';
import type { AnyKind, Resource, ResourceSource } from './call-kind.js';
import { Fifo } from './fifo.js';
import { Flights, type Flight } from './flights.js';

/**
 * A statement that is not answered within this many milliseconds no longer counts against its kind's
 * lanes, so that one locked row, or one dead connection, does not hold up the calls behind it.
 */
const SLOW_AFTER_MS = 500;

/** Fewer calls than this go into one statement even when a second lane is free. */
const SPLIT_FROM = 16;

/**
 * A statement waits for one of its kind that is under way while it would carry less than this part of what
 * that one carries. Or all calls but a few would travel in one lane, and the few to and fro in the other.
 */
const LEAST_PART = 1 / 2;

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
  /** Whether a statement is about to leave; the calls gather until then. */
  gathering: boolean;
}

/** Takes ready calls into statements, as many at once as the lanes of their kind allow. */
export class Lanes<R extends Resource> {
  private readonly lines = new Map<AnyKind<R>, Line<R>>();
  private readonly inFlight = new Flights<R>();
  private acquiring = 0;
  private slowTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: ResourceSource<R>,
    private readonly events: LanesEvents<R>,
  ) {}

  get isIdle(): boolean {
    return this.inFlight.count === 0;
  }

  enqueue(call: AnyCall<R>): void {
    call.sent = false;
    let line = this.lines.get(call.kind);
    if (line === undefined) {
      line = { kind: call.kind, queue: new Fifo(), gathering: false };
      this.lines.set(call.kind, line);
    }
    line.queue.push(call);
    this.pump(line);
  }

  flights(): Array<Flight<R>> {
    return this.inFlight.list();
  }

  flightOf(call: AnyCall<R>): Flight<R> | undefined {
    return this.inFlight.with(call);
  }

  /** Forgets a flight; whatever still comes of it is ignored. Returns whether it was under way. */
  forget(flight: Flight<R>): boolean {
    return this.inFlight.remove(flight);
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
    if (this.mustWait(line)) {
      this.watchForSlow();
      return;
    }
    const joined = line.kind.pipelined ? this.inFlight.joinable(line.kind) : undefined;
    if (joined !== undefined) {
      this.join(line, joined);
    } else if (this.inFlight.resources + this.acquiring < this.source.capacity) {
      this.acquire(line);
    } else {
      this.watchForSlow();
    }
  }

  private mustWait({ kind, queue }: Line<R>): boolean {
    return (
      this.inFlight.busy(kind) >= kind.lanes ||
      queue.length < this.inFlight.largest(kind) * LEAST_PART
    );
  }

  /**
   * Sends the next statement behind the one under way. The server's process then goes from one to the next
   * without waiting for us, and there is no second one to contend with it and us for the processors.
   */
  private join(line: Line<R>, resource: R): void {
    resource.retain();
    line.gathering = true;
    process.nextTick(() => {
      line.gathering = false;
      this.depart(line, resource);
    });
  }

  private acquire(line: Line<R>): void {
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
    const calls = places.map((place) => {
      place.sent = true;
      return place.representative() as AnyCall<R>;
    });
    kind.execute(resource, calls, (error, results) => {
      if (this.forget(flight)) {
        this.land(flight, error, results);
      }
    });
    this.pump(line);
  }

  private land(flight: Flight<R>, error: unknown, results: readonly unknown[] | undefined): void {
    this.events.landed(flight, error, results);
    this.inFlight.stuckBehind(flight).forEach((stuck) => this.events.stuck(stuck));
    // Behind the callers that were just answered, whose next calls are to travel along.
    queueMicrotask(() => this.pumpAll());
  }

  /** The calls of the next statement. Where other lanes are free too, they get their share. */
  private take({ kind, queue }: Line<R>): Array<AnyCall<R>> {
    const free = kind.lanes - this.inFlight.busy(kind);
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

  private takeAll({ queue }: Line<R>): Array<AnyCall<R>> {
    const calls: Array<AnyCall<R>> = [];
    for (let call = this.peekWanted(queue); call; call = this.peekWanted(queue)) {
      queue.shift();
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

  private watchForSlow(): void {
    this.slowTimer ??= setTimeout(() => {
      this.slowTimer = undefined;
      this.inFlight.markSlow(SLOW_AFTER_MS);
      this.pumpAll();
    }, SLOW_AFTER_MS).unref();
  }
}
