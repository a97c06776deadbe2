import { createHash } from 'node:crypto';

/** Makes a value of a column, which stands in `row` from `start` to `end` in PostgreSQL's binary format. */
export type Column = (row: Buffer, start: number, end: number) => unknown;

/** What a statement takes: buffers travel as they are, in PostgreSQL's binary format. */
export type Parameter = string | Buffer | null;

/** A statement, the name under which a connection keeps it prepared, and what it returns. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly columns: readonly Column[];
  /** Parameters with which it finds nothing, where its plan depends on the size of the table. */
  readonly idle: readonly Parameter[] | undefined;
}

/** The name follows from the text, so that stores that share a pool never share a name by mistake. */
export function statement(
  text: string,
  columns: readonly Column[] = [],
  idle?: readonly Parameter[],
): Statement {
  const compact = text.replace(/\s+/g, ' ').trim();
  const hash = createHash('sha256').update(compact).digest('hex').slice(0, 16);
  return { name: `postgres_session_${hash}`, text: compact, columns, idle };
}

/** A copy: what the connection received is a larger piece, which one value would keep in memory. */
export const bytes: Column = (row, start, end) => {
  const value = Buffer.allocUnsafe(end - start);
  row.copy(value, 0, start, end);
  return value;
};
export const text: Column = (row, start, end) => row.toString('utf8', start, end);
export const boolean: Column = (row, start) => row[start] === 1;
/** A `bigint` that is a safe integer. */
export const integer: Column = (row, start) => Number(row.readBigInt64BE(start));
