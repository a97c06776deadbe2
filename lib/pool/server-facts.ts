import type { ClientBase } from 'pg';
import { processIdOf } from '../protocol/driver-internals.js';
import { runQuery, StatementQuery } from '../protocol/statement-query.js';
import { isRefused } from '../sql/sql-state.js';
import { bool, statement, text, type Statement, type StatementResult } from '../sql/statement.js';
import { promised } from '../utils/promised.js';

/** A pooler, by how long a connection to it keeps a backend. */
export type Pooler = 'transaction' | 'session';

/** A process of the server. Its number may be given to another one later, its start may not. */
export interface Backend {
  readonly pid: number;
  /** As the server writes it, in seconds since 1970. */
  readonly startedAt: string;
}

/** What a new connection finds at its other end. */
export interface ServerFacts {
  /** `undefined` if a pooler stands in between, or the role may not see it. */
  readonly backend: Backend | undefined;
  readonly isStandby: boolean;
  /** Whether a plain read, as a get is one, ends at a standby: a balancer may send it elsewhere than the rest. */
  readonly readsStandby: boolean;
  /** What sets `default_transaction_read_only`, in the words of `pg_settings.source`; `undefined` if it is off. */
  readonly readOnlySource: string | undefined;
  /** Milliseconds that the session itself allows, by the role's settings or the connection's; 0 for no bound. */
  readonly bounds: Bounds;
}

export type Bounds = Readonly<Record<(typeof BOUNDS)[number], number>>;

const BOUNDS = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
] as const;

/** Every setting that is looked at, with its value and what sets it: one read of `pg_settings`. */
const SETTINGS = `(SELECT jsonb_object_agg(name, jsonb_build_array(setting, source))::text FROM pg_settings
   WHERE name = 'default_transaction_read_only' OR name IN ('${BOUNDS.join("', '")}'))`;

/** No row of a backend behind a pooler, which hands out process ids of its own. */
const BACKEND = `(SELECT extract(epoch FROM backend_start)::text FROM pg_stat_activity
   WHERE pid = pg_backend_pid() AND pid = $1::int)`;

/** As text, whatever the application has the driver make of other types. */
const COLUMNS = [text, bool, text];
const FACTS = statement('facts', `SELECT ${BACKEND}, pg_is_in_recovery(), ${SETTINGS}`, COLUMNS);
/** For a role that may not read `pg_stat_activity`. */
const FACTS_WITHOUT_BACKEND = statement(
  'facts',
  `SELECT CASE WHEN $1::int IS NULL THEN '' END, pg_is_in_recovery(), ${SETTINGS}`,
  COLUMNS,
);

/** pgpool-II balances this one; it sends what reads the catalog or calls a volatile function to the primary. */
const READS_STANDBY = statement('reads_standby', `SELECT current_setting('in_hot_standby')`, [
  text,
]);

type Setting = [value: string, source: string];

export async function readServerFacts(client: ClientBase): Promise<ServerFacts> {
  const pid = processIdOf(client);
  const { rows } = await ask(client, FACTS, [String(pid)]).catch((error: unknown) => {
    if (isRefused(error)) {
      return ask(client, FACTS_WITHOUT_BACKEND, [String(pid)]);
    }
    throw error;
  });
  const reading = await ask(client, READS_STANDBY, []);
  const [startedAt, isStandby, found] = rows[0];
  const settings = JSON.parse(String(found)) as Record<string, Setting>;
  const [readOnly, source] = settings.default_transaction_read_only;
  return {
    backend: typeof startedAt === 'string' ? { pid, startedAt } : undefined,
    isStandby: isStandby === true,
    readsStandby: reading.rows[0][0] === 'on',
    readOnlySource: readOnly === 'on' ? source : undefined,
    bounds: boundsOf(settings),
  };
}

function boundsOf(settings: Readonly<Record<string, Setting>>): Bounds {
  return Object.fromEntries(BOUNDS.map((name) => [name, Number(settings[name][0])])) as Bounds;
}

/** Unnamed: it is asked once, and a pooler may not hold names. */
function ask(
  client: ClientBase,
  facts: Statement,
  values: readonly string[],
): Promise<StatementResult> {
  return promised((done) => {
    runQuery(client, new StatementQuery(facts, values, false, undefined), done);
  });
}
