import type { AnswerMessage, Rewriting } from './answer.js';
import {
  Backend,
  BodyReader,
  commandComplete,
  dataRow,
  errorResponse,
  readRow,
  type Column,
  type Row,
} from './messages.js';
import type { Execution } from './request-log.js';

export type Matches = (execution: Execution) => boolean;

/** Puts messages in front of an answer, behind it, and into every gap of it. */
export function putBetween(makeMessages: () => Buffer[]): Rewriting {
  return (answer) => [
    ...makeMessages(),
    ...answer.flatMap(({ bytes }) => [bytes, ...makeMessages()]),
  ];
}

/** Statements that have this key among their parameters, by itself or in an array. */
export function asksFor(key: string): Matches {
  const bytes = Buffer.from(key);
  return ({ values }) => values.some((value) => value?.includes(bytes));
}

/** Answers the first statement that matches with an error; what follows in its request is skipped. */
export class FailOnce {
  hasFailed = false;

  constructor(
    private readonly matches: Matches,
    private readonly error = errorResponse('XX000', 'an error that the proxy made up'),
  ) {}

  readonly rewriting: Rewriting = (answer) => {
    const at = answer.findIndex(({ execution }) => execution && this.matches(execution));
    if (this.hasFailed || at < 0) return bytesOf(answer);
    this.hasFailed = true;
    const end = answer.findIndex(({ code }, n) => n > at && code === Backend.READY_FOR_QUERY);
    return [...bytesOf(answer.slice(0, at)), this.error, ...bytesOf(answer.slice(end))];
  };
}

/** Makes the answers to statements that match those of somebody else, as often as it is told. */
export class RowForger {
  /** The connections that had a forged answer, one for each. */
  readonly connections: number[] = [];

  constructor(
    private readonly matches: Matches,
    private readonly forge: (rows: Row[]) => Row[],
    private readonly times = Infinity,
  ) {}

  readonly rewriting: Rewriting = (answer, connection) => {
    const rows: Row[] = [];
    return answer.flatMap((message) => {
      const { code, bytes, execution } = message;
      if (!execution || !this.matches(execution)) return [bytes];
      if (code === Backend.DATA_ROW) {
        rows.push(readRow(bytes));
        return [];
      }
      return code === Backend.COMMAND_COMPLETE
        ? this.complete(rows.splice(0), bytes, connection)
        : [bytes];
    });
  };

  private complete(rows: Row[], tag: Buffer, connection: number): Buffer[] {
    const forged = this.connections.length < this.times ? this.forge(rows) : rows;
    if (isSame(forged, rows)) return [...rows.map(dataRow), tag];
    this.connections.push(connection);
    return [...forged.map(dataRow), countRows(tag, forged.length)];
  }
}

/** The row, with one text in the place of another: as it is, or in the hexadecimal form of bytes. */
export function replaceColumn(row: Row, from: string, to: string): Row {
  const [plain, hex] = [Buffer.from(from), hexOf(from)];
  return row.map((column: Column) => {
    if (column?.equals(plain)) return Buffer.from(to);
    return column?.equals(hex) ? hexOf(to) : column;
  });
}

/** The same completion, which ends with a number of rows. */
function countRows(completion: Buffer, rows: number): Buffer {
  return commandComplete(new BodyReader(completion).text().replace(/\d+$/, String(rows)));
}

function hexOf(text: string): Buffer {
  return Buffer.from(`\\x${Buffer.from(text).toString('hex')}`);
}

function isSame(a: Row[], b: Row[]): boolean {
  return Buffer.concat(a.map(dataRow)).equals(Buffer.concat(b.map(dataRow)));
}

function bytesOf(answer: readonly AnswerMessage[]): Buffer[] {
  return answer.map(({ bytes }) => bytes);
}
