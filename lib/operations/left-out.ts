import { Refusal, type Lease, type TransactionQuery } from '../batching/types.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { protocolError } from '../protocol/protocol-error.js';
import type { Statements } from '../sql/statements.js';
import { promised } from '../utils/promised.js';
import { onlyRowOf, type KeyedEntry } from './shared.js';

/** What a write rejects with if the table took no row for it. */
export function leftOut(): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_QUERY',
    'The database did not keep the entry, and reported no error: a BEFORE trigger of the table that returns NULL leaves rows out, or a policy hides them.',
  );
}

/**
 * Which entries are not there after a write that counted fewer rows than it has entries. They are read back on its
 * connection: an answer with its own key shows that the connection is in step, so the count was of this write.
 */
export async function findLeftOut(
  query: TransactionQuery,
  { get }: Statements,
  written: readonly KeyedEntry[],
): Promise<ReadonlySet<string>> {
  const missing = new Set<string>();
  for (const { key, entry } of written) {
    const value = onlyRowOf(key, await query(get, [key]))[1] as Buffer | undefined;
    if (value === undefined || !value.equals(entry.value)) {
      missing.add(key);
    }
  }
  if (missing.size === 0) {
    throw protocolError('it counts fewer rows than were written');
  }
  return missing;
}

/** The results of writes that travelled together, of which some left nothing behind. */
export async function refuseLeftOut(
  lease: Lease,
  statements: Statements,
  written: readonly KeyedEntry[],
): Promise<Array<undefined | Refusal>> {
  const query: TransactionQuery = (statement, values) =>
    promised((done) => lease.read(statement, values, done));
  const missing = await findLeftOut(query, statements, written);
  return written.map(({ key }) => (missing.has(key) ? new Refusal(leftOut()) : undefined));
}
