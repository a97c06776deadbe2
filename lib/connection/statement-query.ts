import type { Connection as DriverConnection, Submittable } from 'pg';
import type { Parameter, Statement } from '../sql/statement.js';

/** Rows as arrays of columns, and how many rows the statement changed or returned. */
export interface StatementResult {
  readonly rows: readonly unknown[][];
  readonly rowCount: number;
}

export type StatementCallback = (error: unknown, result?: StatementResult) => void;

/** The part of the driver's connection that a query of one's own is written against. */
interface ProtocolConnection {
  readonly stream: DriverConnection['stream'];
  readonly parsedStatements: Record<string, string | undefined>;
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly Parameter[] }): void;
  execute(): void;
  sync(): void;
}

/** The answers' part of the protocol that a query has to deal with. */
interface RowMessage {
  fields: Array<string | null>;
}

interface CompletionMessage {
  text: string;
}

/**
 * One run of a statement, as the driver's `Submittable`. The driver's own query asks for a description
 * of the rows each time, and builds parsers and a result object of it; ours knows its columns.
 */
export class StatementQuery implements Submittable {
  /** Under this name the driver notes that the statement was prepared. */
  readonly name: string | undefined;
  readonly text: string;
  private readonly rows: unknown[][] = [];
  private rowCount = 0;
  /** Reading a row must not throw into the driver, which would leave the answer half read. */
  private fault: unknown;

  constructor(
    private readonly statement: Statement,
    private readonly values: readonly Parameter[],
    named: boolean,
    private readonly done: StatementCallback,
  ) {
    this.name = named ? statement.name : undefined;
    this.text = statement.text;
  }

  submit(driverConnection: DriverConnection): void {
    const connection = driverConnection as unknown as ProtocolConnection;
    const { name = '', text, values } = this;
    connection.stream.cork();
    if (name === '' || connection.parsedStatements[name] === undefined) {
      connection.parse({ name, text });
    }
    connection.bind({ statement: name, values });
    connection.execute();
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields }: RowMessage): void {
    const { columns } = this.statement;
    const row: unknown[] = fields;
    try {
      for (let n = 0; n < fields.length; n += 1) {
        const field = fields[n];
        row[n] = field === null ? undefined : columns[n](field);
      }
      this.rows.push(row);
    } catch (error) {
      this.fault = error;
    }
  }

  handleCommandComplete({ text }: CompletionMessage): void {
    // The tag ends with the number of rows: `INSERT 0 12`, `SELECT 3`.
    this.rowCount = Number(text.slice(text.lastIndexOf(' ') + 1));
  }

  handleReadyForQuery(): void {
    if (this.fault === undefined) {
      this.done(undefined, { rows: this.rows, rowCount: this.rowCount });
    } else {
      this.done(this.fault);
    }
  }

  handleError(error: unknown): void {
    this.done(error);
  }
}
