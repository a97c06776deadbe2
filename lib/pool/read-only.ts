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

const STANDBY = 'the server is a standby: connect to the primary';
const UNKNOWN =
  'SHOW default_transaction_read_only and SELECT pg_is_in_recovery() tell whether its configuration or the session says so, or it is a standby';

/** The server takes no writes. Nothing was written. */
export class ReadOnlyError extends PostgresSessionError {
  // Private to the language, so that printing the error does not show it.
  readonly #mayPass: boolean;

  constructor(facts: ServerFacts | undefined, cause?: unknown) {
    const forGood = SET_FOR_GOOD[facts?.readOnlySource ?? ''];
    const why = facts?.isStandby === true ? STANDBY : (forGood ?? UNKNOWN);
    super(
      'ERR_READ_ONLY',
      `PostgreSQL refuses writes here: ${why}. A store that shall only read takes \`readOnly: true\`.`,
      cause === undefined ? {} : { cause: withoutData(cause) },
    );
    this.#mayPass = facts?.isStandby === true || forGood === undefined;
  }

  /** Whether waiting may help, as it does in a failover. */
  get mayPass(): boolean {
    return this.#mayPass;
  }
}

/** Throws if a connection like this one takes no writes. */
export function checkTakesWrites(facts: ServerFacts): void {
  if (facts.isStandby || facts.readOnlySource !== undefined) {
    throw new ReadOnlyError(facts);
  }
}
