import { backoff } from './backoff.js';
import { Call, type AnyCall } from './call.js';
import {
  Refusal,
  type CallKind,
  type FailurePolicy,
  type Resource,
  type ResourceSource,
  type Verdict,
} from './call-kind.js';
import { Deadlines } from './deadlines.js';
import { KeyOrder } from './key-order.js';
import type { Flight } from './flights.js';
import { Lanes } from './lanes.js';

/** Without a time bound, a call is given up after this many tries. */
const MAX_ATTEMPTS_WITHOUT_TIMEOUT = 20;

export interface DispatcherOptions {
  /** Milliseconds within which every call settles. `undefined`: no bound. */
  timeout: number | undefined;
  /** Calls that may be under way or wait. */
  maxQueue: number;
}

/**
 * Sends calls, gathering those of one kind that are under way at the same time into shared statements.
 * An idle dispatcher sends at once; there is no timer in the way of a call. Knows neither SQL nor Nest.
 */
export class Dispatcher<R extends Resource> {
  private readonly order: KeyOrder<R>;
  private readonly lanes: Lanes<R>;
  private readonly deadlines: Deadlines<R>;
  private closed = false;
  private onIdle: (() => void) | undefined;

  constructor(
    source: ResourceSource<R>,
    private readonly policy: FailurePolicy<R>,
    private readonly options: DispatcherOptions,
  ) {
    this.lanes = new Lanes(source, {
      landed: (flight, error, results) => this.landed(flight, error, results),
      stuck: (flight) => this.abandon(flight),
      grounded: (calls, error) => this.grounded(calls, error),
      dropped: (call) => this.end(call),
    });
    this.order = new KeyOrder((call) => this.lanes.enqueue(call));
    this.deadlines = new Deadlines(options.timeout, (call) => this.expire(call));
  }

  /** @param keys one key, several, or `undefined` for a call that is ordered against every other. */
  submit<A, V>(
    kind: CallKind<R, A, V>,
    keys: string | readonly string[] | undefined,
    args: A,
    signal?: AbortSignal,
  ): Promise<V> {
    if (signal?.aborted) {
      return Promise.reject(signal.reason as Error);
    }
    if (this.closed) {
      return Promise.reject(this.policy.closed());
    }
    if (this.deadlines.size >= this.options.maxQueue) {
      return Promise.reject(this.policy.overloaded());
    }
    const call = new Call(kind, keys, args);
    if (signal !== undefined) {
      this.watch(call.owner, signal);
    }
    this.deadlines.add(call.owner);
    this.order.add(call.owner);
    return call.promise;
  }

  /** Whether `count` more calls may be made. */
  hasRoomFor(count: number): boolean {
    return this.deadlines.size + count <= this.options.maxQueue;
  }

  /** Refuses new calls, and resolves when those under way have ended, at the latest after `timeout` ms. */
  async close(timeout: number): Promise<void> {
    this.closed = true;
    const idle = new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
    this.checkIdle();
    const timer = setTimeout(() => this.cutOff(), timeout);
    await idle;
    clearTimeout(timer);
  }

  private watch(call: AnyCall<R>, signal: AbortSignal): void {
    call.signal = signal;
    call.onAbort = () => this.fail(call, signal.reason);
    signal.addEventListener('abort', call.onAbort, { once: true });
  }

  private landed(flight: Flight<R>, error: unknown, results: readonly unknown[] | undefined): void {
    if (results === undefined) {
      this.failed(flight, error);
      return;
    }
    flight.resource.release(false);
    for (let n = 0; n < flight.places.length; n += 1) {
      this.deliver(flight.places[n], results[n]);
    }
  }

  /** Of the calls that share a place, the first that still waits counts as the one that was made. */
  private deliver(place: AnyCall<R>, result: unknown): void {
    let n = 0;
    for (const call of place.group()) {
      if (call.settled) {
        continue;
      }
      if (result instanceof Refusal) {
        this.fail(call, result.error);
      } else {
        this.succeed(call, n === 0 ? result : place.kind.share?.(result as never, n));
      }
      n += 1;
    }
    this.end(place);
  }

  private failed(flight: Flight<R>, error: unknown): void {
    const { kind, places, resource } = flight;
    const verdict = this.policy.judge(error, kind.repeatable, resource);
    if (verdict.broken) {
      this.giveUp(flight, verdict);
      return;
    }
    resource.release(false);
    if (verdict.split && places.length > 1) {
      for (const place of places) {
        place.alone = true;
        this.lanes.enqueue(place);
      }
    } else {
      this.conclude(places, verdict);
    }
  }

  /**
   * Throws a resource away. Its statement may still be running, so calls on the keys that it changes wait
   * until it is certain that it is not: a late write must not undo one that was acknowledged after it.
   */
  private giveUp({ kind, places, resource }: Flight<R>, verdict: Verdict): void {
    const stopped = resource.abandon();
    if (!kind.writes) {
      this.conclude(places, verdict);
      return;
    }
    if (!verdict.retry) {
      this.failAll(places, verdict.error);
    }
    void stopped.then(() => this.conclude(places, verdict));
  }

  private conclude(places: ReadonlyArray<AnyCall<R>>, verdict: Verdict): void {
    for (const place of places) {
      if (place.representative() === undefined) {
        this.end(place);
      } else {
        this.tryAgainOrFail(place, verdict);
      }
    }
  }

  /** No resource was to be had for the calls that wait. */
  private grounded(calls: ReadonlyArray<AnyCall<R>>, error: unknown): void {
    this.conclude(calls, this.policy.judgeAcquire(error));
  }

  private tryAgainOrFail(place: AnyCall<R>, verdict: Verdict): void {
    place.attempts += 1;
    const mayTry =
      this.options.timeout !== undefined || place.attempts < MAX_ATTEMPTS_WITHOUT_TIMEOUT;
    if (!verdict.retry || !mayTry) {
      this.failAll([place], verdict.error);
      this.end(place);
      return;
    }
    place.lastError = verdict.error;
    setTimeout(() => this.lanes.enqueue(place), backoff(place.attempts));
  }

  private expire(call: AnyCall<R>): void {
    this.fail(call, this.policy.timedOut(call.lastError));
    const flight = this.lanes.flightOf(call);
    if (flight !== undefined) {
      this.abandon(flight);
    }
  }

  /** Gives a statement up that is not answered; its other calls are tried again, as their kind allows. */
  private abandon(flight: Flight<R>): void {
    this.lanes.forget(flight);
    const { kind, resource } = flight;
    const error = this.policy.timedOut(undefined);
    this.giveUp(flight, this.policy.judge(error, kind.repeatable, resource));
    this.lanes.pumpAll();
  }

  private cutOff(): void {
    for (const call of this.deadlines.calls()) {
      this.fail(call, this.policy.closed());
    }
    for (const flight of this.lanes.flights()) {
      this.abandon(flight);
    }
    this.checkIdle();
  }

  private succeed(call: AnyCall<R>, value: unknown): void {
    if (this.settle(call)) {
      call.resolve(value as never);
    }
  }

  private fail(call: AnyCall<R>, error: unknown): void {
    if (this.settle(call)) {
      call.reject(error);
    }
  }

  private failAll(places: ReadonlyArray<AnyCall<R>>, error: Error): void {
    for (const place of places) {
      for (const call of place.group()) {
        this.fail(call, error);
      }
    }
  }

  private settle(call: AnyCall<R>): boolean {
    if (call.settled) {
      return false;
    }
    call.settled = true;
    this.deadlines.delete(call);
    if (call.onAbort !== undefined) {
      call.signal?.removeEventListener('abort', call.onAbort);
    }
    return true;
  }

  private end(place: AnyCall<R>): void {
    this.order.end(place);
    if (this.onIdle !== undefined) {
      this.checkIdle();
    }
  }

  private checkIdle(): void {
    if (this.onIdle !== undefined && this.deadlines.size === 0 && this.lanes.isIdle) {
      this.onIdle();
    }
  }
}
