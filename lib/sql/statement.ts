import { createHash } from 'node:crypto';

/** A statement and the name under which a connection keeps it prepared. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** The name follows from the text, so that stores that share a pool never share a name by mistake. */
export function statement(text: string): Statement {
  const compact = text.replace(/\s+/g, ' ').trim();
  const hash = createHash('sha256').update(compact).digest('hex').slice(0, 16);
  return { name: `postgres_session_${hash}`, text: compact };
}
