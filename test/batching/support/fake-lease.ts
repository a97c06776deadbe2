import type { Lease, LeaseSource, StatementCallback } from '../../../lib/batching/types.js';
import type { Parameter, Statement } from '../../../lib/sql/statement.js';

/** A statement in flight on a fake connection. It is answered when the test says so. */
export class SentStatement {
  constructor(
    readonly lease: FakeLease,
    readonly name: string,
    readonly values: readonly string[],
    readonly lockWait: number | undefined,
    private readonly done: StatementCallback,
  ) {}

  /** For example `set a=1 b=2`. */
  get text(): string {
    return [this.name, ...this.values].join(' ');
  }

  /** Has one result for each call that it carries: by default what the call is written as. */
  answer(results: readonly unknown[] = this.values): void {
    this.end();
    this.done(undefined, { rows: results.map((result) => [result]), rowCount: results.length });
  }

  fail(error: unknown): void {
    this.end();
    this.done(error);
  }

  private end(): void {
    const { inFlight } = this.lease.source;
    const at = inFlight.indexOf(this);
    if (at < 0) {
      throw new Error(`"${this.text}" has been answered already`);
    }
    inFlight.splice(at, 1);
  }
}

export class FakeLease implements Lease {
  readonly isDirect = true;
  restedFor = 0;
  bytesRead = 0;
  isDiscarded = false;
  private uses = 1;
  private letStop: () => void = () => undefined;

  constructor(
    readonly source: FakeLeaseSource,
    readonly id: number,
  ) {}

  get joinable(): boolean {
    return this.source.pipelines && this.uses === 1 && !this.isDiscarded;
  }

  get isInUse(): boolean {
    return this.uses > 0 && !this.isDiscarded;
  }

  retain(): void {
    this.uses += 1;
  }

  release(): void {
    this.drop();
    if (this.uses === 0 && !this.isDiscarded) {
      this.source.released += 1;
    }
  }

  discard(): void {
    this.drop();
    if (!this.isDiscarded) {
      this.isDiscarded = true;
      this.source.discarded.push(this);
    }
  }

  abandon(): Promise<void> {
    this.discard();
    return this.source.holdsFences
      ? new Promise((resolve) => {
          this.letStop = resolve;
        })
      : Promise.resolve();
  }

  /** What it was running when it was abandoned can no longer take effect. */
  stop(): void {
    this.letStop();
  }

  read(statement: Statement, values: readonly Parameter[], done: StatementCallback): void {
    this.send(statement, values, undefined, done);
  }

  write(
    statement: Statement,
    values: readonly Parameter[],
    lockWait: number,
    done: StatementCallback,
  ): void {
    this.send(statement, values, lockWait, done);
  }

  transaction(): Promise<never> {
    return Promise.reject(new Error('The operations of these tests need no transaction'));
  }

  private send(
    { name }: Statement,
    values: readonly Parameter[],
    lockWait: number | undefined,
    done: StatementCallback,
  ): void {
    const sent = new SentStatement(this, name, values as readonly string[], lockWait, done);
    this.source.inFlight.push(sent);
    this.source.history.push(sent.text);
  }

  private drop(): void {
    if (this.uses === 0) {
      throw new Error('A connection was given back more often than it was taken');
    }
    this.uses -= 1;
  }
}

/** Hands out as many connections as it is asked for, and remembers how many there were. */
export class FakeLeaseSource implements LeaseSource {
  /** Whether a connection takes a second batch before the first is answered. */
  pipelines = false;
  /** Whether connections come when the test grants them, and not in the next microtask. */
  isHeld = false;
  /** Why no connection is to be had. Told before `acquire` returns. */
  refusal: Error | undefined;
  /** Whether an abandoned statement can take effect until the test stops it. */
  holdsFences = false;
  /** Statements that are not answered, in the order in which they were sent. */
  readonly inFlight: SentStatement[] = [];
  /** All that was ever sent. */
  readonly history: string[] = [];
  readonly leases: FakeLease[] = [];
  readonly discarded: FakeLease[] = [];
  /** Milliseconds that connections are said to have rested. */
  restedFor = 0;
  renewals = 0;
  acquired = 0;
  released = 0;
  mostInUse = 0;
  private readonly requests: Array<() => void> = [];

  constructor(readonly capacity: number) {}

  get inUse(): number {
    return this.leases.filter(({ isInUse }) => isInUse).length;
  }

  acquire(done: (error: unknown, lease?: Lease) => void): void {
    this.acquired += 1;
    if (this.refusal !== undefined) {
      done(this.refusal);
    } else if (this.isHeld) {
      this.requests.push(() => this.handOut(done));
    } else {
      queueMicrotask(() => this.handOut(done));
    }
  }

  renew(): void {
    this.renewals += 1;
    this.restedFor = 0;
  }

  /** Grants the connections that were asked for. */
  grant(): void {
    this.requests.splice(0).forEach((request) => request());
  }

  private handOut(done: (error: unknown, lease?: Lease) => void): void {
    const lease = new FakeLease(this, this.leases.length);
    lease.restedFor = this.restedFor;
    this.leases.push(lease);
    this.mostInUse = Math.max(this.mostInUse, this.inUse);
    done(undefined, lease);
  }
}
