import type { PoolClient } from 'pg';
import type { Resource } from '../batching/call-kind.js';
import type { Parameter, Statement } from '../sql/statement.js';
import { asError } from '../thrown.js';
import { warmPlan } from './session-settings.js';
import { RowTap } from './row-tap.js';
import {
  StatementQuery,
  type ProtocolConnection,
  type StatementCallback,
  type StatementResult,
} from './statement-query.js';

/** A process of the server. Its number may be given to another one later, its start may not. */
export interface Backend {
  readonly pid: number;
  /** As the server writes it, in seconds since 1970. */
  readonly startedAt: string;
}

/** What a connection tells its pool when it is given back. */
export interface ConnectionOwner {
  readonly preparedStatements: boolean;
  release(connection: Connection, broken: boolean): void;
  /** Resolves once what the connection was running can no longer take effect. */
  stop(connection: Connection): Promise<void>;
}

/**
 * A pooled connection of which the store knows what it is like. Statements run on it one after the other;
 * the next one may be sent before the one under way is answered.
 */
export class Connection implements Resource {
  /** The server's process at the other end; `undefined` where a pooler stands in between. */
  backend: Backend | undefined;
  /** The statements whose plans were made with care, where the connection's settings do not see to it. */
  warmed: Set<Statement> | undefined;
  /** Gives the client back to the pool; set while it is checked out. */
  giveBack: ((error?: boolean) => void) | undefined;
  /** Statements that it is checked out for. */
  private leases = 0;
  private inTransaction = false;
  /** Whether a statement of ours is under way. */
  private busy = false;
  /** Statements behind the one under way, in their order. */
  private readonly behind: StatementQuery[] = [];
  private readonly protocol: ProtocolConnection;
  private readonly tap: RowTap;

  constructor(
    readonly client: PoolClient,
    private readonly owner: ConnectionOwner,
    /** Connections of an older epoch are thrown away: they were made before the server was in trouble. */
    readonly epoch: number,
  ) {
    // The driver has it for queries such as ours; its types leave it out.
    this.protocol = (client as unknown as { connection: ProtocolConnection }).connection;
    this.tap = new RowTap(this.protocol.stream);
  }

  /** Not behind a pooler, which goes by the answers when it hands a server's connection on. */
  get joinable(): boolean {
    return this.backend !== undefined && this.leases === 1 && this.busy && !this.inTransaction;
  }

  checkOut(giveBack: (error?: boolean) => void): void {
    this.giveBack = giveBack;
    this.leases = 1;
  }

  retain(): void {
    this.leases += 1;
  }

  /** Callbacks down to the driver: a layer of promises would cost a lone get a tenth of its time. */
  run(statement: Statement, values: readonly Parameter[], done: StatementCallback): void {
    if (
      this.warmed === undefined ||
      this.busy ||
      statement.idle === undefined ||
      this.warmed.has(statement) ||
      this.inTransaction
    ) {
      this.send(statement, values, done);
      return;
    }
    this.warmed.add(statement);
    warmPlan(this, statement).then(() => this.send(statement, values, done), done);
  }

  query(statement: Statement, values: readonly Parameter[] = []): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      this.run(statement, values, (error, result) => {
        if (result === undefined) {
          reject(asError(error));
        } else {
          resolve(result);
        }
      });
    });
  }

  /** For statements without parameters that run once: transaction control and settings. */
  async command(text: string): Promise<void> {
    await this.client.query(text);
  }

  /** Runs `body` in a transaction. One that fails is rolled back. */
  async transaction<T>(body: () => Promise<T>): Promise<T> {
    await this.command('BEGIN');
    this.inTransaction = true;
    try {
      const result = await body();
      await this.command('COMMIT');
      return result;
    } catch (error) {
      // On a lost connection the roll-back fails too; the error that counts is the first.
      await this.command('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      this.inTransaction = false;
    }
  }

  release(broken: boolean): void {
    this.leases -= 1;
    if (broken || this.leases === 0) {
      this.owner.release(this, broken);
    }
  }

  abandon(): Promise<void> {
    this.release(true);
    return this.owner.stop(this);
  }

  private send(statement: Statement, values: readonly Parameter[], done: StatementCallback): void {
    const { preparedStatements } = this.owner;
    const query = new StatementQuery(
      statement,
      values,
      preparedStatements,
      this.tap,
      this.next,
      done,
    );
    if (this.busy) {
      query.sendAhead(this.protocol);
      this.behind.push(query);
    } else {
      this.busy = true;
      this.client.query(query);
    }
  }

  private readonly next = (): void => {
    const query = this.behind.shift();
    if (query === undefined) {
      this.busy = false;
    } else {
      this.client.query(query);
    }
  };
}
