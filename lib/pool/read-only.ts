import { PostgresSessionError } from '../postgres-session.errors.js';
import { withoutData } from '../protocol/error-data.js';
import type { ServerFacts } from './server-facts.js';

/** Sources of `default_transaction_read_only` that no waiting changes: each new connection gets it again. */
const SET_FOR_GOOD: Readonly<Record<string, string>> = {
  global: 'ALTER ROLE ALL sets default_transaction_read_only',
  database: 'the database sets default_transaction_read_only (ALTER DATABASE … RESET it)',
  user: 'the role sets default_transaction_read_only (ALTER ROLE … RESET it)',
  'database user': 'the role sets default_transaction_read_only for this database (RESET it)',
  client: 'the `options` of the connection set default_transaction_read_only',
};

const SPREAD =
  'a part of the reads goes to a standby, where a get may miss what was just written. Send this application to the primary alone: in pgpool-II by `app_name_redirect_preference_list` and an `application_name`, by `primary_routing_query_pattern_list`, or with `load_balance_mode = off`';
const STANDBY = 'the server is a standby: connect to the primary';
const UNKNOWN =
  'SHOW default_transaction_read_only and SELECT pg_is_in_recovery() tell whether its configuration or the session says so, or it is a standby';

interface Refused {
  readonly isSpread?: boolean;
  /** The server's error. */
  readonly cause?: unknown;
}

/** The server takes no writes. Nothing was written. */
export class ReadOnlyError extends PostgresSessionError {
  // Private to the language, so that printing the error does not show it.
  readonly #mayPass: boolean;

  constructor(facts: ServerFacts | undefined, { isSpread = false, cause }: Refused = {}) {
    const forGood = isSpread ? SPREAD : SET_FOR_GOOD[facts?.readOnlySource ?? ''];
    const why = forGood ?? (facts?.isStandby === true ? STANDBY : UNKNOWN);
    super(
      'ERR_READ_ONLY',
      `PostgreSQL takes no writes here: ${why}. A store that shall only read takes \`readOnly: true\`.`,
      cause === undefined ? {} : { cause: withoutData(cause) },
    );
    this.#mayPass = forGood === undefined;
  }

  /** Whether waiting may help, as it does in a failover. */
  get mayPass(): boolean {
    return this.#mayPass;
  }
}

/** Throws if a balancer sends what a connection reads elsewhere than what it writes. */
export function checkReadsWhatItWrites(facts: ServerFacts): void {
  if (facts.readsStandby !== facts.isStandby) {
    throw new ReadOnlyError(facts, { isSpread: true });
  }
}

/** Throws if not all of these connections take writes. */
export function checkTakesWrites(all: readonly ServerFacts[]): void {
  all.forEach(checkReadsWhatItWrites);
  const standby = all.find(({ isStandby }) => isStandby);
  const isSpread = standby !== undefined && all.some(({ isStandby }) => !isStandby);
  const refusing = standby ?? all.find(({ readOnlySource }) => readOnlySource !== undefined);
  if (refusing !== undefined) {
    throw new ReadOnlyError(refusing, { isSpread });
  }
}
