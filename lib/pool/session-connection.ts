import type { PoolClient } from 'pg';
import type { Lease, StatementCallback, TransactionQuery } from '../batching/types.js';
import { bytesReadBy, setPipelining } from '../protocol/driver-internals.js';
import { runQuery, StatementQuery, type Prelude } from '../protocol/statement-query.js';
import { sqlState, SqlState } from '../sql/sql-state.js';
import { AS_SENT } from '../sql/as-sent.js';
import type { Parameter, Statement, StatementResult } from '../sql/statement.js';
import { promised } from '../utils/promised.js';
import { checkReadsWhatItWrites, ReadOnlyError } from './read-only.js';
import { readServerFacts, type Backend, type ServerFacts } from './server-facts.js';
import {
  beginWithin,
  boundSettings,
  SET_LOCAL,
  settingsPrelude,
  type Limits,
  type Settings,
} from './session-setup.js';

/** What a connection needs of its pool. */
export interface ConnectionOwner {
  readonly preparedStatements: boolean;
  /** Whether the application says that a pooler stands in between. */
  readonly isPooled: boolean;
  /** Whether reads may go to a standby. */
  readonly readOnly: boolean;
  /** Made in the transaction in which a statement gets its plan. */
  readonly planSettings: Settings;
  /** Milliseconds that a write may take on the server; 0 for no bound. */
  readonly statementTimeout: number;
  giveBack(connection: SessionConnection): void;
  discard(connection: SessionConnection): void;
  /** Resolves once what the connection was running can no longer take effect. */
  fence(connection: SessionConnection): Promise<void>;
}

/** A client of the pool, of which the store knows what is at its other end and what was prepared on it. */
export class SessionConnection implements Lease {
  /** Known once it is set up. */
  facts: ServerFacts | undefined;
  /** Statements whose plan was made on this connection with care. */
  private readonly planned = new Set<Statement>();
  /** Batches that it is checked out for. */
  private leases = 0;
  private pipelines = false;
  private inTransaction = false;
  isSetUp = false;
  /** Since when it rests in the pool. */
  private restsSince: number | undefined;
  restedFor = 0;

  constructor(
    readonly client: PoolClient,
    private readonly owner: ConnectionOwner,
    /** Connections of an older generation are thrown away: the server was in trouble since. */
    readonly generation: number,
  ) {}

  /** Not behind a pooler, which goes by the answers when it hands a backend on. */
  get joinable(): boolean {
    return this.pipelines && this.leases === 1 && !this.inTransaction;
  }

  get backend(): Backend | undefined {
    return this.owner.isPooled ? undefined : this.facts?.backend;
  }

  get isDirect(): boolean {
    return this.backend !== undefined;
  }

  get bytesRead(): number {
    return bytesReadBy(this.client);
  }

  /** Once, while it is new. */
  async setUp(): Promise<void> {
    const facts = await readServerFacts(this.client);
    if (!this.owner.readOnly) {
      checkReadsWhatItWrites(facts);
    }
    this.facts = facts;
    if (this.owner.preparedStatements) {
      // Alone, so that the driver notes under its name that it is prepared.
      const { statement, values } = settingsPrelude({}, {});
      await this.query(statement, values);
      this.planned.add(statement);
    }
    this.isSetUp = true;
  }

  checkedOut(): void {
    this.leases = 1;
    this.restedFor = this.restsSince === undefined ? 0 : performance.now() - this.restsSince;
    this.pipelines = this.isDirect && setPipelining(this.client, true);
  }

  /** At rest: the driver sends one query after the other again, as the pool's other users expect. */
  checkedIn(): void {
    this.restsSince = performance.now();
    if (this.pipelines) {
      this.pipelines = false;
      setPipelining(this.client, false);
    }
  }

  retain(): void {
    this.leases += 1;
  }

  release(): void {
    this.leases -= 1;
    if (this.leases === 0) {
      this.owner.giveBack(this);
    }
  }

  discard(): void {
    this.owner.discard(this);
  }

  async abandon(writes: boolean): Promise<void> {
    this.discard();
    // A read that cannot be ended harms nobody.
    if (writes || this.isDirect) {
      await this.owner.fence(this);
    }
  }

  read(statement: Statement, values: readonly Parameter[], done: StatementCallback): void {
    this.run(statement, values, this.preludeOf(statement, undefined), done);
  }

  write(
    statement: Statement,
    values: readonly Parameter[],
    lockWait: number,
    done: StatementCallback,
  ): void {
    const limits = { statement: this.owner.statementTimeout, lock: lockWait };
    this.run(statement, values, this.preludeOf(statement, limits), done);
  }

  async transaction<T>(
    lockWait: number,
    body: (query: TransactionQuery) => Promise<T>,
  ): Promise<T> {
    const limits = { statement: this.owner.statementTimeout, lock: lockWait };
    await this.client.query(beginWithin(limits, this.facts?.bounds));
    this.inTransaction = true;
    try {
      const result = await body((text, values) => this.query(text, values));
      await this.client.query('COMMIT');
      return result;
    } catch (error) {
      // On a lost connection the roll-back fails too; the error that counts is the first.
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      this.inTransaction = false;
    }
  }

  /**
   * Runs a transaction that stays open if `body` says so. The next one then commits it in the message that begins
   * itself, so that nobody takes the lock that both take at their opening in between. `body` gets what the opening
   * returns as `opened`.
   */
  async chainedTransaction(
    limits: Limits,
    opening: string,
    body: (opened: string | undefined) => Promise<boolean>,
  ): Promise<void> {
    const commit = this.inTransaction ? 'COMMIT; ' : '';
    const begin = `${commit}${beginWithin(limits, this.facts?.bounds)}; ${opening}`;
    this.inTransaction = true;
    let staysOpen = false;
    try {
      // One answer for each statement of the message.
      const answers = [
        await this.client.query<{ opened: string }>({ text: begin, types: AS_SENT }),
      ].flat();
      staysOpen = await body(answers.at(-1)?.rows[0]?.opened);
      if (!staysOpen) {
        await this.client.query('COMMIT');
      }
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      this.inTransaction = staysOpen;
    }
  }

  /** For statements outside of batches, without bounds of their own. */
  query(statement: Statement, values: readonly Parameter[] = []): Promise<StatementResult> {
    return promised((done) => this.read(statement, values, done));
  }

  private preludeOf(statement: Statement, limits: Limits | undefined): Prelude | undefined {
    // Before it is set up, there is no statement to make settings by.
    const makesPlan =
      this.owner.preparedStatements &&
      statement.name !== '' &&
      this.planned.has(SET_LOCAL) &&
      !this.planned.has(statement);
    if (makesPlan) {
      this.planned.add(statement);
    }
    if (limits === undefined && !makesPlan) {
      return undefined;
    }
    const bounds = limits === undefined ? {} : boundSettings(limits, this.facts?.bounds);
    return settingsPrelude(bounds, makesPlan ? this.owner.planSettings : {});
  }

  private run(
    statement: Statement,
    values: readonly Parameter[],
    prelude: Prelude | undefined,
    done: StatementCallback,
  ): void {
    const query = new StatementQuery(statement, values, this.owner.preparedStatements, prelude);
    runQuery(this.client, query, (error, result) => done(this.explained(error), result));
  }

  private explained(error: unknown): unknown {
    return sqlState(error) === SqlState.READ_ONLY_SQL_TRANSACTION
      ? new ReadOnlyError(this.facts, { cause: error })
      : error;
  }
}
