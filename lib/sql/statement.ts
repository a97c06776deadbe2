import { createHash } from 'node:crypto';
import pg from 'pg';

/** Makes a value of a column's text. */
export type Column = (text: string) => unknown;

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

const BYTEA_OID = 17;
const HEX_PREFIX = '\\x';
const parseEscapedBytes = pg.types.getTypeParser(BYTEA_OID, 'text') as (text: string) => Buffer;

/** A `bytea`. Servers may be set to the older escape format, which the driver reads. */
export const bytes = (text: string): Buffer =>
  text.startsWith(HEX_PREFIX)
    ? Buffer.from(text.slice(HEX_PREFIX.length), 'hex')
    : parseEscapedBytes(text);

export const text = (column: string): string => column;
export const boolean = (column: string): boolean => column === 't';
export const number = (column: string): number => Number(column);
