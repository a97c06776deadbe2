import type { ClientBase } from 'pg';
import type { Lease, StatementCallback, TransactionQuery } from '../batching/types.js';
import { runQuery, StatementQuery } from '../protocol/statement-query.js';
import type { Parameter, Statement } from '../sql/statement.js';
import { promised } from '../utils/promised.js';

/**
 * A client that the application holds, with the application's own transaction on it. Statements are run as they
 * are: no settings, no bounds, no names, and no transaction of ours.
 */
export class ClientLease implements Lease {
  readonly joinable = false;
  readonly isDirect = false;
  readonly restedFor = 0;
  readonly bytesRead = 0;

  constructor(private readonly client: ClientBase) {}

  read(statement: Statement, values: readonly Parameter[], done: StatementCallback): void {
    runQuery(this.client, new StatementQuery(statement, values, false, undefined), done);
  }

  write(
    statement: Statement,
    values: readonly Parameter[],
    _lockWait: number,
    done: StatementCallback,
  ): void {
    this.read(statement, values, done);
  }

  /** The application's transaction is the one. */
  transaction<T>(_lockWait: number, body: (query: TransactionQuery) => Promise<T>): Promise<T> {
    return body((statement, values) => promised((done) => this.read(statement, values, done)));
  }

  // The application holds the client, before and after.
  retain(): void {}
  release(): void {}
  discard(): void {}
  abandon(): Promise<void> {
    return Promise.resolve();
  }
}
