import type { PoolConfig } from 'pg';
import { invalidOption } from '../postgres-session.errors.js';

const ALLOWED =
  'a connection string such as postgres://user:password@host:5432/database, or postgres:///database?host=/var/run/postgresql for a socket';

/** What is wrong with a text that matches. The first one counts. */
const FAULTS: ReadonlyArray<readonly [pattern: RegExp, fault: string]> = [
  [/^\s*$/, 'it is empty'],
  [
    /^[\w ]+=\s*["']?\w+:/,
    'it begins with the name of a variable: give what stands behind the "="',
  ],
  [/^\s*["'`‘’“”]|["'`‘’“”]\s*$/, 'it stands in quotes: remove them'],
  [/^\s|\s$/, 'it begins or ends with a blank or a line break: remove it'],
  [/^\w+\s*=/, 'it is a list of settings (name=value), which pg does not read'],
  [/^(?!postgres(ql)?:\/\/)/i, 'it does not begin with "postgres://" or "postgresql://"'],
  [/\s/, 'it has a blank or a line break in it: a blank is written %20'],
  [
    /%(?![\da-f]{2})|%00/i,
    'it has a "%" that stands for no character: the "%" itself is written %25',
  ],
  [/#/, 'it has a "#", which is written %23'],
  [
    /^\w+:\/\/[^/?]*[/?].*@/,
    'it has an "@" behind the host: in a name or a password "@" is written %40, "/" %2F and "?" %3F',
  ],
];

const SEVERAL_HOSTS =
  'pg connects to one host, and knows no target_session_attrs: give one host, or a `Client` that picks one and `verify`, as the README shows under "Several hosts"';

const UNREADABLE =
  'its host or its port cannot be read: the port is a number from 1 to 65535, and in a name or a password ":" is written %3A, "/" %2F, "?" %3F and "@" %40';

/** The scheme, the user and the host of a URL. */
const AUTHORITY = /^\w+:\/\/[^/?]*/;

/** A host is neither a part of a URL nor has it a port. */
const NO_HOST_NAME = /[\s/@]|^[^:]*:\d*$/;

/** Parameters of a connection string that decide on TLS. */
const TLS_PARAMETERS = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'];

/** The strings that pg takes as `ssl` of its settings. */
const TLS_WORDS = ['true', 'no-verify'];

/** Settings of several hosts, which libpq knows and pg does not. */
const SEVERAL_HOSTS_SETTINGS = ['target_session_attrs', 'load_balance_hosts'];

/** Settings that pg takes from the connection string alone, if there is one. */
const IN_STRING = ['host', 'port', 'user', 'password', 'database'] as const;

/**
 * Checks a connection string, since pg's parser takes nearly every text for the name of a database, which then
 * stands in errors. The message holds no part of the string.
 */
export function checkConnectionString(option: string, text: string): void {
  const listed = FAULTS.find(([pattern]) => pattern.test(text));
  const fault = listed?.[1] ?? faultOfPlace(text);
  if (fault !== undefined) {
    throw invalidOption(option, fault, ALLOWED);
  }
}

/** Checks what the settings of a pool say about where to connect. The pool may have been made already. */
export function checkPoolSettings(option: string, settings: PoolConfig): void {
  const { connectionString, ssl } = settings;
  if (typeof connectionString === 'string') {
    checkConnectionString(`${option}.connectionString`, connectionString);
    const inString = TLS_PARAMETERS.find((name) => readPlace(connectionString)?.params.has(name));
    if (ssl !== undefined && inString !== undefined) {
      throw invalidOption(
        `${option}.ssl`,
        `the connection string has ${inString}, and pg would take that instead`,
        'TLS settings in one of the two',
      );
    }
  } else if (connectionString != null) {
    throw invalidOption(`${option}.connectionString`, 'it is no string', ALLOWED);
  }
  checkParts(option, settings);
}

/** Checks the settings that a pool is to be made with. */
export function checkConnectionSettings(option: string, settings: PoolConfig): void {
  checkPoolSettings(option, settings);
  const beside = IN_STRING.find((name) => settings[name] != null);
  if (settings.connectionString != null && beside !== undefined) {
    throw invalidOption(
      `${option}.${beside}`,
      'it stands beside connectionString, and pg would take what the string says instead',
      `the ${beside} in the string, or no string`,
    );
  }
}

function checkParts(option: string, settings: PoolConfig): void {
  const { host, port, user, database, max } = settings;
  const { ssl }: { ssl?: unknown } = settings;
  for (const [name, part] of Object.entries({ host, user, database })) {
    if (part != null && (typeof part !== 'string' || part.includes('://'))) {
      throw invalidOption(`${option}.${name}`, 'it is a URL, or no string', `the ${name} alone`);
    }
  }
  if (host?.includes(',') || SEVERAL_HOSTS_SETTINGS.some((name) => name in settings)) {
    throw invalidOption(`${option}.host`, SEVERAL_HOSTS, 'one host');
  }
  if (host && !host.startsWith('/') && NO_HOST_NAME.test(host)) {
    throw invalidOption(
      `${option}.host`,
      'it is no host',
      'a name, an address, the folder of a socket',
    );
  }
  if (port != null && !isPort(String(port))) {
    throw invalidOption(`${option}.port`, 'it is no port', 'a number from 1 to 65535');
  }
  if (max != null && !/^[1-9]\d*$/.test(String(max))) {
    throw invalidOption(`${option}.max`, 'it is no number of connections', 'a whole number from 1');
  }
  if (typeof ssl === 'string' && !TLS_WORDS.includes(ssl)) {
    // pg would take 'false' for true.
    throw invalidOption(`${option}.ssl`, 'it is a string', 'true, false or the settings of TLS');
  }
}

/** What is wrong with the place that a well-formed connection string leads to. */
function faultOfPlace(text: string): string | undefined {
  if (hostIn(text).includes(',')) {
    return SEVERAL_HOSTS;
  }
  const place = readPlace(text);
  if (place === undefined) {
    return UNREADABLE;
  }
  const { host, port, params } = place;
  if (host.includes(',') || SEVERAL_HOSTS_SETTINGS.some((name) => params.has(name))) {
    return SEVERAL_HOSTS;
  }
  if (host === '') {
    return 'it has neither a host nor a socket';
  }
  const isReadable = [...params.keys()].every((name) => /^\w+$/.test(name));
  return isReadable && (port === '' || isPort(port)) ? undefined : UNREADABLE;
}

interface Place {
  readonly host: string;
  readonly port: string;
  readonly params: URLSearchParams;
}

/** As pg's parser reads it: parameters come before the host and the port in front of them. */
function readPlace(text: string): Place | undefined {
  const host = hostIn(text);
  try {
    decodeURIComponent(text);
    // A URL without a host may have no user.
    const { port, searchParams: params } = new URL(
      host === '' ? text.replace(AUTHORITY, '$&localhost') : text,
    );
    return { host: params.get('host') || host, port: params.get('port') || port, params };
  } catch {
    return undefined;
  }
}

/** The host with its port. */
function hostIn(text: string): string {
  const [authority = ''] = AUTHORITY.exec(text) ?? [];
  return authority.slice(Math.max(authority.lastIndexOf('@'), authority.lastIndexOf('/')) + 1);
}

function isPort(port: string): boolean {
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
}
