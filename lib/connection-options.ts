import type { Pool, PoolConfig } from 'pg';
import { invalid, isRecord, kindOf, type Check } from './option-checks.js';
import {
  checkConnectionSettings,
  checkConnectionString,
  checkPoolSettings,
} from './pool/connection-settings.js';
import { PostgresSessionError } from './postgres-session.errors.js';

const POOL_METHODS = ['connect', 'query', 'on', 'off', 'end'];

export const pool: Check<Pool | undefined> = (name, given) => {
  if (!isPool(given)) {
    const allowed = 'a pg.Pool. That of an ORM is the one that the ORM was given or has made';
    throw invalid(name, undefined, allowed, kindOf(given));
  }
  checkPoolSettings(`${name}.options`, given.options);
  return given;
};

/** By what it can do, since it may be of another copy of pg. */
function isPool(given: unknown): given is Pool {
  return (
    isRecord(given) &&
    POOL_METHODS.every((method) => typeof Reflect.get(given, method) === 'function') &&
    typeof Reflect.get(given, 'totalCount') === 'number' &&
    isRecord(Reflect.get(given, 'options'))
  );
}

export const connection: Check<PoolConfig | undefined> = (name, given) => {
  if (typeof given === 'string' || isUrl(given)) {
    checkConnectionString(name, String(given));
    return { connectionString: String(given) };
  }
  if (!isRecord(given) || 'then' in given || 'connect' in given) {
    const allowed = 'a connection string, a URL or a pg.PoolConfig. A pool is given as `pool`';
    throw invalid(name, undefined, allowed, kindOf(given));
  }
  const { connectionString }: { connectionString?: unknown } = given;
  const settings: PoolConfig = isUrl(connectionString)
    ? { ...given, connectionString: String(connectionString) }
    : given;
  checkConnectionSettings(name, settings);
  return settings;
};

/** Exactly one of `pool` and `connection` says where the table is. */
export function checkWhere(
  given: object,
  { pool, connection }: { pool: Pool | undefined; connection: PoolConfig | undefined },
): void {
  if ((pool === undefined) !== (connection === undefined)) {
    return;
  }
  if (pool !== undefined) {
    throw new PostgresSessionError(
      'ERR_INVALID_OPTION',
      'Both `pool` and `connection` are given: give one of them.',
    );
  }
  const unset = ['pool', 'connection'].find((name) => name in given);
  const why =
    unset === undefined ? '' : ` \`${unset}\` is undefined: is an environment variable not set?`;
  throw new PostgresSessionError(
    'ERR_INVALID_OPTION',
    `Neither \`pool\` nor \`connection\` is given: give \`pool\` (a pg.Pool of the application) or \`connection\` (a connection string or pg.PoolConfig).${why}`,
  );
}

/** By its name, since it may be of another realm. */
function isUrl(given: unknown): boolean {
  return Object.prototype.toString.call(given) === '[object URL]';
}
