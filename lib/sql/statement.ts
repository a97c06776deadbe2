import { createHash } from 'node:crypto';

/** A parameter of a statement. A buffer travels as it is, in PostgreSQL's binary format. */
export type Parameter = string | Buffer | null;

/** Reads a column of one PostgreSQL type, in either of the two formats in which the server sends it. */
export interface ColumnReader {
  fromText(text: string): unknown;
  /** The column's bytes stand in `row` from `start` to `end`. */
  fromBinary(row: Buffer, start: number, end: number): unknown;
}

/** A statement, the name under which a connection keeps it prepared, and the columns it returns. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** With this the server's word that it is complete begins. */
  readonly command: string;
  readonly columns: readonly ColumnReader[];
  /** Run right before it, in its transaction, with the first of its parameters. */
  readonly first?: Statement;
}

/** One run of a statement. */
export interface Step {
  readonly statement: Statement;
  readonly values: readonly Parameter[];
}

/** Rows as arrays of columns (`undefined` for null), and how many rows were changed or returned. */
export interface StatementResult {
  readonly rows: ReadonlyArray<readonly unknown[]>;
  readonly rowCount: number;
}

/**
 * The name has a word for whoever reads traces or `pg_prepared_statements`. The rest of it follows from the
 * text, so that stores that share a pool never share a name by mistake.
 *
 * @param command the first word by default; of a statement that begins with `WITH` it is another one.
 */
export function statement(
  word: string,
  text: string,
  columns: readonly ColumnReader[] = [],
  command?: string,
): Statement {
  const compact = text.replace(/\s+/g, ' ').trim();
  const hash = createHash('sha256').update(compact).digest('hex').slice(0, 16);
  return {
    name: `postgres_session_${word}_${hash}`,
    text: compact,
    command: command ?? compact.slice(0, compact.indexOf(' ')),
    columns,
  };
}

/** One that is not kept prepared, since its text is seldom the same. */
export function unnamed(text: string): Statement {
  return { ...statement('unnamed', text), name: '' };
}

export const text: ColumnReader = {
  fromText: (text) => text,
  fromBinary: (row, start, end) => row.toString('utf8', start, end),
};

/** A copy of its own: a slice would keep in memory all that was received with it. */
export const bytea: ColumnReader = {
  // As text it is `\x` and hexadecimal digits, or escaped if somebody has set `bytea_output`.
  fromText: (text) => (text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex') : unescape(text)),
  fromBinary: (row, start, end) => {
    const value = Buffer.allocUnsafe(end - start);
    row.copy(value, 0, start, end);
    return value;
  },
};

/** A number that the statement returns as text. */
export const decimal: ColumnReader = {
  fromText: Number,
  fromBinary: (row, start, end) => Number(row.toString('latin1', start, end)),
};

/** Printable bytes stand for themselves, a backslash is doubled, and all others are octal: `\001`. */
function unescape(text: string): Buffer {
  const plain = text.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === '\\' ? code : String.fromCharCode(parseInt(code, 8)),
  );
  return Buffer.from(plain, 'latin1');
}

export const bool: ColumnReader = {
  fromText: (text) => text === 't',
  fromBinary: (row, start) => row[start] === 1,
};
