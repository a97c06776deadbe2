import pg, { type Pool, type PoolConfig } from 'pg';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { withoutData } from '../protocol/error-data.js';
import { isStartupRefused } from '../sql/sql-state.js';
import { codeOf, messageOf } from '../utils/errors.js';

/** Codes of Node's TLS errors that mean that nobody known vouches for the certificate, or for the host's name in it. */
const AUTHORITY_UNKNOWN =
  /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_UNTRUSTED|INVALID_CA|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_)/;

export function connectError(pool: Pool, attempts: number, error: unknown): PostgresSessionError {
  const { host, port, database } = readAddress('pool', pool.options);
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  return new PostgresSessionError(
    'ERR_CONNECT',
    `No connection to PostgreSQL at host "${host}", port ${port}, database "${database}" after ${times}: ${messageOf(error)}${adviceOn(error)}`,
    { cause: withoutData(error) },
  );
}

/** What a pooler or the server refuses of what is sent when a connection is made. */
const STARTUP_ADVICE =
  '. Take it out of `connection` (`options`, `statement_timeout` and the like) and set it for the role (ALTER ROLE … SET …), or have a pooler ignore it (PgBouncer: ignore_startup_parameters).';

function adviceOn(error: unknown): string {
  return isStartupRefused(error) ? STARTUP_ADVICE : certificateAdvice(error);
}

function certificateAdvice(error: unknown): string {
  const code = codeOf(error);
  if (!AUTHORITY_UNKNOWN.test(code)) {
    return '';
  }
  const host = /HOSTNAME|ALTNAME/.test(code)
    ? ' Connect by a name or an address that the certificate has.'
    : '';
  return `.${host} The certificate of the authority is given as \`ssl: { ca }\` in \`connection\`, or as \`sslrootcert=<file>\` in the connection string.`;
}

/** Where pg connects with these settings, which are those of that option. */
export function readAddress(
  option: string,
  config: PoolConfig,
): { host: string; port: number; database: string } {
  try {
    // A client of the application's own may pick another place.
    const Client = (config.Client ?? pg.Client) as typeof pg.Client;
    const { host, port, database } = new Client(config);
    return { host, port, database: database ?? '' };
  } catch (error) {
    // The parser's own error may quote the string, and with it the password.
    const code = codeOf(error);
    throw new PostgresSessionError(
      'ERR_INVALID_OPTION',
      /^E[A-Z]+$/.test(code)
        ? `Invalid option \`${option}\`: a file that it names by sslrootcert, sslcert or sslkey cannot be read (${code}).`
        : `Invalid option \`${option}\`: pg cannot read its settings. Allowed: those of pg.PoolConfig, and in a connection string those that pg documents.`,
    );
  }
}
