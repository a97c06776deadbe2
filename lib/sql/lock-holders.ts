import type { ClientBase } from 'pg';
import { AS_SENT } from './as-sent.js';

interface Holder {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
}

/** Advisory locks by their keys, and locks on a table that keep its indexes from being made. */
const HOLDERS = `
SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('pid', l.pid, 'user', a.usename,
    'application', a.application_name, 'state', a.state)), '[]')::text AS found
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.locktype = 'advisory' AND l.objsubid = 1
      AND (l.classid::bigint << 32 | l.objid::bigint) = ANY ($1::bigint[])
    OR l.locktype = 'relation' AND l.relation = to_regclass($2)
      AND l.mode NOT IN ('AccessShareLock', 'RowShareLock'))`;

/**
 * Who holds the locks that schema init waited for, as far as the role may see that; empty if nobody is seen.
 *
 * @param table its qualified name, if the wait was for a lock on it.
 */
export async function describeLockHolders(
  client: ClientBase,
  advisoryKeys: readonly bigint[],
  table: string | undefined,
): Promise<string> {
  const values = [advisoryKeys.map(String), table];
  const { rows } = await client.query<{ found: string }>({ text: HOLDERS, values, types: AS_SENT });
  const holders = JSON.parse(rows[0].found) as Holder[];
  return holders.map(describe).join(', ');
}

function describe({ pid, user, application, state }: Holder): string {
  const known = [
    ['user', user],
    ['application', application],
    ['state', state],
  ].flatMap(([what, value]) => (value === null || value === '' ? [] : [`${what} "${value}"`]));
  return known.length === 0 ? `pid ${pid}` : `pid ${pid} (${known.join(', ')})`;
}
