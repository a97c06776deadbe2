import type { Duplex } from 'node:stream';
import type { Connection as DriverConnection, Submittable } from 'pg';
import type { Parameter, Statement } from '../sql/statement.js';
import type { RowTaker, RowTap } from './row-tap.js';
import { statementMessages } from './statement-messages.js';

/** Rows as arrays of columns, and how many rows the statement changed or returned. */
export interface StatementResult {
  readonly rows: readonly unknown[][];
  readonly rowCount: number;
}

export type StatementCallback = (error: unknown, result?: StatementResult) => void;

/** The part of the driver's connection that a query of one's own is written against. */
export interface ProtocolConnection {
  readonly stream: Duplex;
  /** Texts of the statements that the server is known to keep, by name. */
  readonly parsedStatements: Readonly<Record<string, string | undefined>>;
}

interface CompletionMessage {
  text: string;
}

const INT16_BYTES = 2;
const INT32_BYTES = 4;
const NULL_LENGTH = -1;

/**
 * Rows are made by `slice` and `map`, not by literals: V8 learns where arrays come from that live long, and
 * once it took ours for such, every value read would wait in the old generation for a large collection.
 */
const NO_ROWS: readonly unknown[][] = [];

/**
 * One run of a statement, as the driver's `Submittable`. The driver's own query asks for a description
 * of the rows each time, and builds parsers and a result object of it; ours knows its columns, and reads
 * them in binary.
 */
export class StatementQuery implements Submittable, RowTaker {
  /** Under this name the driver notes that the statement was prepared. */
  readonly name: string | undefined;
  readonly text: string;
  private readonly rows: unknown[][] = NO_ROWS.slice();
  private rowCount = 0;
  private sent = false;
  /** Reading a row must not throw into the driver, which would leave the answer half read. */
  private fault: unknown;

  /**
   * @param next called when the driver is ready for the statement behind this one, or told that there is
   * no use in it.
   */
  constructor(
    private readonly statement: Statement,
    private readonly values: readonly Parameter[],
    named: boolean,
    private readonly tap: RowTap,
    private readonly next: () => void,
    private readonly done: StatementCallback,
  ) {
    this.name = named ? statement.name : undefined;
    this.text = statement.text;
  }

  /** Sends it before the one in front of it is answered, where the server is known to have it prepared. */
  sendAhead(connection: ProtocolConnection): void {
    if (this.name !== undefined && connection.parsedStatements[this.name] !== undefined) {
      this.send(connection);
    }
  }

  /** The driver's word that this is the statement under way. */
  submit(connection: DriverConnection): void {
    if (!this.sent) {
      this.send(connection as unknown as ProtocolConnection);
    }
  }

  takeRow(chunk: Buffer, at: number): void {
    let offset = at + INT16_BYTES;
    try {
      const row = this.statement.columns.map((column) => {
        const length = chunk.readInt32BE(offset);
        const start = offset + INT32_BYTES;
        offset = start + Math.max(length, 0);
        return length === NULL_LENGTH ? undefined : column(chunk, start, offset);
      });
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
    this.next();
    if (this.fault === undefined) {
      this.done(undefined, { rows: this.rows, rowCount: this.rowCount });
    } else {
      this.done(this.fault);
    }
  }

  handleError(error: unknown): void {
    this.next();
    this.done(error);
  }

  private send({ stream, parsedStatements }: ProtocolConnection): void {
    this.sent = true;
    const { name = '', text, values } = this;
    const isPrepared = name !== '' && parsedStatements[name] !== undefined;
    this.tap.expect(this);
    stream.write(statementMessages(name, isPrepared ? undefined : text, values));
  }
}
