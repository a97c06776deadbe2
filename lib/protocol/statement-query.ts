import type { ClientBase, Submittable } from 'pg';
import type { StatementCallback } from '../batching/types.js';
import type { Parameter, Statement, StatementResult, Step } from '../sql/statement.js';
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
export type Prelude = Step;

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
  readonly #isNamed: boolean;
  /** What is sent, in one transaction: the statement, and what comes before it. */
  #steps: readonly Step[];
  readonly #rows = NO_ROWS.slice();
  #rowCount = 0;
  /** How many answers are still to come before that of the statement. */
  #before: number;
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
    this.#isNamed = isNamed;
    this.#steps = stepsOf(statement, values, prelude);
    this.#before = this.#steps.length - 1;
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
      for (const { statement: step, values } of this.#steps) {
        // A driver before 8.23 keeps one name a query.
        const mayBeNamed =
          step === this.#statement || driver.submittedNamedStatements !== undefined;
        const name = this.#isNamed && mayBeNamed ? step.name : '';
        this.#run(driver, name, step.text, values);
      }
      driver.sync();
    } finally {
      stream.uncork();
      this.#steps = [];
    }
  }

  handleDataRow(message: DataRowMessage | BinaryRow): void {
    if (this.#before > 0) {
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
    if (this.#before > 0) {
      this.#before -= 1;
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

function stepsOf(
  statement: Statement,
  values: readonly Parameter[],
  prelude: Prelude | undefined,
): Step[] {
  const { first } = statement;
  const steps: Step[] =
    first === undefined ? [] : [{ statement: first, values: values.slice(0, 1) }];
  steps.push({ statement, values });
  return prelude === undefined ? steps : [prelude, ...steps];
}
