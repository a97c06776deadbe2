import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest } from '@jest/globals';
import { Batcher, type SubmitOptions } from '../../../lib/batching/batcher.js';
import type { Target } from '../../../lib/batching/call.js';
import type { Range, RangeTurn } from '../../../lib/batching/range-turn.js';
import { messageOf } from '../../../lib/utils/errors.js';
import { FakeLeaseSource, type SentStatement } from './fake-lease.js';
import { policy } from './failures.js';
import type { TextOperation } from './operations.js';

export interface EngineOptions {
  /** How many connections there are. */
  capacity?: number;
  /** Milliseconds within which a call settles; `null` for no bound. */
  timeout?: number | null;
  maxQueue?: number;
}

/** A call, and what has become of it: `pending`, `resolved: …` or `rejected: …`. */
export interface MadeCall {
  readonly promise: Promise<string>;
  outcome: string;
}

/** A batcher on fake connections. */
export class Engine {
  readonly source: FakeLeaseSource;
  readonly batcher: Batcher;

  constructor({ capacity = 10, timeout = 1_000, maxQueue = 100_000 }: EngineOptions) {
    this.source = new FakeLeaseSource(capacity);
    this.batcher = new Batcher(this.source, policy, { timeout: timeout ?? undefined, maxQueue });
  }

  call(operation: TextOperation, target: Target, args = '', options?: SubmitOptions): MadeCall {
    const promise = this.batcher.submit(operation, target, args, options);
    const call: MadeCall = { promise, outcome: 'pending' };
    void settleInto(call);
    return call;
  }

  /** Several calls of one operation, each on a key of its own. */
  calls(operation: TextOperation, keys: readonly string[]): MadeCall[] {
    return keys.map((key) => this.call(operation, key));
  }

  openRange(range: Partial<Range> & Pick<Range, 'prefix'>): RangeTurn {
    return this.batcher.openRange({ owner: undefined, writes: true, ...range });
  }

  /** The statements that are not answered. */
  get inFlight(): string[] {
    return this.source.inFlight.map(({ text }) => text);
  }

  /** The connections that were discarded, by the order in which they came. */
  get discarded(): number[] {
    return this.source.discarded.map(({ id }) => id);
  }

  /** The statement in flight that begins like this. */
  sent(beginning: string): SentStatement {
    const sent = this.source.inFlight.find(({ text }) => text.startsWith(beginning));
    if (sent === undefined) {
      throw new Error(`"${beginning}" is not in flight, but: ${this.inFlight.join(', ')}`);
    }
    return sent;
  }

  /** Answers a statement, and lets what follows from it happen. */
  async answer(beginning: string, results?: readonly unknown[]): Promise<void> {
    this.sent(beginning).answer(results);
    await nextTurn();
  }

  async fail(beginning: string, error: Error): Promise<void> {
    this.sent(beginning).fail(error);
    await nextTurn();
  }

  /** Answers all there is until nothing more is sent. */
  async answerAll(): Promise<void> {
    while (this.source.inFlight.length > 0) {
      this.source.inFlight[0].answer();
      await nextTurn();
    }
  }

  /** Ends what a test has left. Every connection that was taken has been given back then. */
  async end(): Promise<void> {
    const { source, batcher } = this;
    source.isHeld = false;
    source.holdsFences = false;
    source.grant();
    await nextTurn();
    await batcher.close(0);
    source.discarded.forEach((lease) => lease.stop());
    await nextTurn();
    expect(source.inUse).toBe(0);
  }
}

/** Engines for the tests of one `describe`, each ended after its test. */
export function useEngines({ realTime = false } = {}): (options?: EngineOptions) => Engine {
  const engines: Engine[] = [];

  beforeEach(() => {
    if (!realTime) {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    }
  });

  afterEach(async () => {
    jest.useRealTimers();
    for (const engine of engines.splice(0)) {
      await engine.end();
    }
  });

  return (options = {}) => {
    const engine = new Engine(options);
    engines.push(engine);
    return engine;
  };
}

/** Lets everything happen that waits for no timer. */
export async function settle(): Promise<void> {
  await nextTurn();
}

/** Lets so many milliseconds pass. */
export async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

async function settleInto(call: MadeCall): Promise<void> {
  try {
    call.outcome = `resolved: ${await call.promise}`;
  } catch (error) {
    call.outcome = `rejected: ${messageOf(error)}`;
  }
}

/** Time passes, and no timer runs. Those that were due run late, when time passes again. */
export function standStill(ms: number): void {
  // This is the fake clock, which goes with the test.
  const now = performance.now.bind(performance);
  performance.now = () => now() + ms;
}

export function outcomes(calls: readonly MadeCall[]): string[] {
  return calls.map(({ outcome }) => outcome);
}

/** `n` keys: `k0`, `k1` … */
export function keys(n: number, prefix = 'k'): string[] {
  return Array.from({ length: n }, (_, at) => `${prefix}${at}`);
}
