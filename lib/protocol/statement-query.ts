import type { ClientBase, Submittable } from 'pg';
import type { StatementCallback } from '../batching/types.js';
import type { Parameter, Statement, StatementResult } from '../sql/statement.js';
import { withoutData } from './error-data.js';
import { queryPrototype, type DriverConnection } from './driver-internals.js';
import { protocolError } from './protocol-error.js';
import { BinaryRow } from './binary-rows.js';

/**
 * What the driver's observers see of an answer: tracers and their hooks get the result of every query, and
 * must not find a key or a value in it.
 */
export interface VisibleResult {
  readonly command: string;
  readonly rowCount: number;
  readonly rows: readonly never[];
}

/** Runs a query on a client, and calls back once. */
export function runQuery(client: ClientBase, query: StatementQuery, done: StatementCallback): void {
  client.query(query, (error: unknown) => {
    let result: StatementResult | undefined;
    let fault = error;
    if (error == null) {
      try {
        result = query.result();
      } catch (thrown) {
        fault = thrown;
      }
    }
    done(fault, result);
  });
}

/** A statement that is run before another one, in its transaction: it makes settings that end with it. */
export interface Prelude {
  readonly statement: Statement;
  readonly values: readonly Parameter[];
}

interface DataRowMessage {
  readonly fields: ReadonlyArray<string | null>;
}

/** Rows are made by `slice` and `map`: V8 takes arrays from literals here for long-lived ones. */
const NO_ROWS: ReadonlyArray<readonly unknown[]> = [];
const NO_VISIBLE_ROWS: readonly never[] = [];

/**
 * One run of a statement, as a query that the driver queues, sends and answers. The driver's own query
 * would show keys and values to whoever looks at queries; of ours, name and text are visible. It knows its
 * columns, so it asks for no description of them.
 */
export class StatementQuery implements Submittable {
  /** Under this name the driver keeps the statement; empty for none. */
  readonly name: string;
  readonly text: string;
  /** Set by the driver, and replaced by whoever observes the query. */
  callback: ((error: unknown, result?: VisibleResult) => void) | undefined = undefined;
  readonly #statement: Statement;
  readonly #prelude: Prelude | undefined;
  readonly #isNamed: boolean;
  #values: readonly Parameter[];
  readonly #rows = NO_ROWS.slice();
  #rowCount = 0;
  /** Whether the answer to the prelude is still to come. */
  #inPrelude: boolean;
  /** Reading a row must not throw into the driver, which would leave the answer half read. */
  #fault: unknown;

  static {
    Object.setPrototypeOf(StatementQuery.prototype, queryPrototype);
  }

  constructor(
    statement: Statement,
    values: readonly Parameter[],
    isNamed: boolean,
    prelude: Prelude | undefined,
  ) {
    this.name = isNamed ? statement.name : '';
    this.text = statement.text;
    this.#statement = statement;
    this.#values = values;
    this.#isNamed = isNamed;
    this.#prelude = prelude;
    this.#inPrelude = prelude !== undefined;
  }

  /** The rows of the answer, once it is there. Throws if they could not be read. */
  result(): StatementResult {
    if (this.#fault !== undefined) {
      throw this.#fault as Error;
    }
    return { rows: this.#rows, rowCount: this.#rowCount };
  }

  /** The driver's word that this is the next query to be sent. */
  submit(connection: object): void {
    const driver = connection as DriverConnection;
    const { stream } = driver;
    stream.cork();
    try {
      if (this.#prelude !== undefined) {
        const { statement, values } = this.#prelude;
        this.#run(driver, this.#isNamed ? statement.name : '', statement.text, values);
      }
      this.#run(driver, this.name, this.text, this.#values);
      driver.sync();
    } finally {
      stream.uncork();
      this.#values = [];
    }
  }

  handleDataRow(message: DataRowMessage | BinaryRow): void {
    if (this.#inPrelude) {
      return;
    }
    try {
      const { columns } = this.#statement;
      const count = message instanceof BinaryRow ? message.fieldCount : message.fields.length;
      if (count !== columns.length) {
        throw protocolError(`it has rows of ${count} columns`);
      }
      if (message instanceof BinaryRow) {
        this.#rows.push(message.read(columns));
      } else {
        const { fields } = message;
        this.#rows.push(
          columns.map((column, n) => {
            const field = fields[n];
            return field == null ? undefined : column.fromText(field);
          }),
        );
      }
    } catch (error) {
      this.#fault = error;
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    if (this.#inPrelude) {
      this.#inPrelude = false;
      return;
    }
    const { command } = this.#statement;
    if (!text.startsWith(command)) {
      this.#fault = protocolError(`it is that of another command than ${command}`);
    }
    // The tag ends with the number of rows: `INSERT 0 12`, `SELECT 3`.
    this.#rowCount = Number(text.slice(text.lastIndexOf(' ') + 1));
  }

  handleReadyForQuery(): void {
    this.callback?.(undefined, {
      command: this.#statement.command,
      rowCount: this.#rowCount,
      rows: NO_VISIBLE_ROWS,
    });
  }

  handleError(error: unknown): void {
    this.callback?.(withoutData(error));
  }

  handleRowDescription(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}

  #run(driver: DriverConnection, name: string, text: string, values: readonly Parameter[]): void {
    const { parsedStatements, submittedNamedStatements } = driver;
    const isPrepared =
      name !== '' &&
      (parsedStatements[name] !== undefined || submittedNamedStatements?.[name] !== undefined);
    if (!isPrepared) {
      driver.parse({ name, text, types: [] });
      if (name !== '' && submittedNamedStatements !== undefined) {
        submittedNamedStatements[name] = text;
      }
    }
    driver.bind({ statement: name, values, binary: driver.binaryRows === true });
    driver.execute();
  }
}
