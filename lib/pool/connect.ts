import { AsyncResource } from 'node:async_hooks';
import pg, { type Pool, type PoolClient, type PoolConfig } from 'pg';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { codeOf, messageOf } from '../utils/errors.js';
import { isRefusedForGood } from '../sql/sql-state.js';
import { InterruptedError } from '../sql/start-step.js';
import { binaryRowsClient } from '../protocol/binary-rows.js';
import { destroySocket, isSupportedClient } from '../protocol/driver-internals.js';
import { TIMINGS } from '../timings.js';
import { promised } from '../utils/promised.js';
import { watched } from '../utils/timers.js';
import { checkOut } from './check-out.js';
import { connectError, readAddress } from './connect-error.js';
import { ReadOnlyError } from './read-only.js';

export interface ConnectOptions {
  /** How often connecting is tried again. */
  readonly retryAttempts: number;
  /** Milliseconds between the tries. */
  readonly retryDelay: number;
  /** Milliseconds that one try may take. */
  readonly timeout: number;
  /** Ends the tries. */
  readonly signal: AbortSignal;
  readonly onRetry: (attempt: number, error: unknown) => void;
}

/** Rejects if the server at the other end is none that the store can work with. */
export type ServerCheck = (client: PoolClient, options: ConnectOptions) => Promise<void>;

/** Codes of Node's TLS errors that mean a certificate was refused. */
const CERTIFICATE_REFUSED =
  /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** What the driver itself says, without a code, of settings that no waiting mends. */
const SETTINGS_REFUSED = /does not support SSL|^SASL|password must be a string/i;

/**
 * Checks a client out and does the work that a start needs it for, with retries if there is no connection, or it was
 * lost meanwhile. What waiting cannot mend fails at once, and a standby, which a failover may turn into a primary,
 * after the time of one try.
 */
export async function connect<T>(
  pool: Pool,
  options: ConnectOptions,
  check: ServerCheck,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const attempts = options.retryAttempts + 1;
  const begun = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    try {
      return await work(await connectChecked(pool, options, check));
    } catch (error) {
      options.signal.throwIfAborted();
      const isLate = performance.now() - begun + options.retryDelay > options.timeout;
      if (attempt === attempts || isHopeless(error) || (error instanceof ReadOnlyError && isLate)) {
        throw startError(pool, attempt, error);
      }
      options.onRetry(attempt, error);
      await delay(options.retryDelay, options.signal);
    }
  }
}

async function connectChecked(
  pool: Pool,
  options: ConnectOptions,
  check: ServerCheck,
): Promise<PoolClient> {
  const client = await connectOnce(pool, options);
  await guarded(client, options, () => check(client, options));
  return client;
}

/** Does work on a client that is checked out, in bounded time. If the work fails, the client is thrown away. */
export async function guarded(
  client: PoolClient,
  { timeout, signal }: ConnectOptions,
  work: () => Promise<void>,
): Promise<void> {
  // However little time calls have.
  const bound = Math.max(timeout, TIMINGS.START_CHECK);
  let isLate = false;
  const onLate = (): void => {
    isLate = true;
    destroySocket(client);
  };
  try {
    await attended(client, signal, () => watched(bound, onLate, work));
  } catch (error) {
    client.release(true);
    throw isLate ? new Error(`the server did not answer within ${bound} ms`) : error;
  }
}

/** Does work on a client that is checked out. Its connection ends at once if the signal aborts. */
export async function attended<T>(
  client: PoolClient,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const destroy = (): void => destroySocket(client);
  client.on('error', ignore);
  signal.addEventListener('abort', destroy);
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', destroy);
    client.off('error', ignore);
  }
}

export function connectOnce(pool: Pool, options: ConnectOptions): Promise<PoolClient> {
  return promised((done) => checkOut(pool, options, done));
}

/** Refuses clients that take no queries but the driver's own. */
export function checkClient(client: PoolClient): void {
  if (!isSupportedClient(client)) {
    throw new PostgresSessionError(
      'ERR_INVALID_OPTION',
      'Invalid option `pool` or `connection`: its clients are of pg-native, or have `pipeline: true`. Allowed: the JavaScript client of pg without pipeline.',
    );
  }
}

/** The settings from which each pool of the module was made. */
const ownPools = new WeakMap<Pool, PoolConfig>();

/** Whether a store with these settings made the pool, and has to end it: it may be lent to another store. */
export function isOwnPool(pool: Pool, config: PoolConfig | undefined): boolean {
  return config !== undefined && ownPools.get(pool) === config;
}

/** Makes the module's own pool. Reads the settings first, so that bad ones are told before a connection is made. */
export function createPool(config: PoolConfig, connectionTimeout: number): Pool {
  readAddress('connection', config);
  const pool = new pg.Pool({
    // The pool's own timer takes a stall of the event loop for a network without answers, so it comes second.
    connectionTimeoutMillis: 2 * Math.max(connectionTimeout, TIMINGS.CONNECT),
    // Idle connections are no reason to keep a process, for instance one whose boot failed.
    allowExitOnIdle: true,
    keepAlive: true,
    // Often enough for routers, which forget a connection after some minutes without a packet.
    keepAliveInitialDelayMillis: TIMINGS.KEEP_ALIVE,
    Client: binaryRowsClient,
    ...outsideOfCalls(config),
  });
  // The pool's options are there for everyone to print; the password in the string is not.
  Object.defineProperty(pool.options, 'connectionString', { enumerable: false });
  ownPools.set(pool, config);
  return pool;
}

/** Functions of the application that connecting calls; a connection is for all calls, whichever it is made for. */
const CALLED_TO_CONNECT = ['password', 'stream', 'verify', 'onConnect'];

function outsideOfCalls(config: PoolConfig): PoolConfig {
  const bound = { ...config };
  for (const name of CALLED_TO_CONNECT) {
    const given: unknown = Reflect.get(bound, name);
    if (typeof given === 'function') {
      Reflect.set(bound, name, AsyncResource.bind(given as Callback));
    }
  }
  return bound;
}

type Callback = (...parameters: unknown[]) => unknown;

function startError(pool: Pool, attempts: number, error: unknown): PostgresSessionError {
  if (error instanceof PostgresSessionError) {
    return error;
  }
  return error instanceof InterruptedError ? error.told : connectError(pool, attempts, error);
}

function isHopeless(error: unknown): boolean {
  const code = codeOf(error);
  if (error instanceof PostgresSessionError) {
    return !(error instanceof ReadOnlyError && error.mayPass);
  }
  return (
    isRefusedForGood(error) ||
    CERTIFICATE_REFUSED.test(code) ||
    (code === '' && SETTINGS_REFUSED.test(messageOf(error)))
  );
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** A checked-out client has no listener of its pool's; its failure reaches the query in flight. */
function ignore(): void {}
