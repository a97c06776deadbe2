import type { Socket } from 'node:net';
import pg, { type ClientBase, type Pool, type PoolClient } from 'pg';
import { codeOf } from '../utils/errors.js';
import { afterReading } from '../utils/timers.js';

/**
 * The members of pg that its documentation or its types leave out. Nothing outside this folder uses any, and
 * this file names them all. Tried with pg 8.21, 8.22 and 8.23.
 *
 * | member | what for |
 * |-|-|
 * | `client.connection` | the JavaScript driver's connection; pg-native has none |
 * | `connection.stream` | to end a dead connection at once, and to see whether bytes arrive on it |
 * | `connection.parse`, `bind`, `execute`, `sync` | the messages of a query of one's own, as pg-cursor sends them |
 * | `connection.parsedStatements`, `submittedNamedStatements` | the driver's own book of what is prepared |
 * | `connection.attachListeners` | where rows are taken in binary, on clients of a pool of our own |
 * | `client.readyForQuery` | whether a query is under way or queued |
 * | `client.processID` | the backend at the other end |
 * | `client.pipeline` | since 8.23: whether the driver sends a query before the one in front is answered |
 * | `Query.prototype` | a pipelining client takes queries of pg's own class alone |
 * | `pool._clients` | to give up an attempt to connect that is not answered |
 */
interface DriverClient {
  readonly connection?: DriverConnection;
  readonly readyForQuery?: boolean;
  readonly processID: number | null;
  pipeline?: boolean;
}

export interface DriverConnection {
  readonly stream: Socket;
  readonly parsedStatements: Readonly<Record<string, string | undefined>>;
  readonly submittedNamedStatements?: Record<string, string | undefined>;
  /** Set on connections whose rows are taken in binary. */
  binaryRows?: boolean;
  attachListeners(stream: object): void;
  emit(event: string, message: object): boolean;
  parse(message: { name: string; text: string; types: readonly number[] }): void;
  bind(message: { statement: string; values: readonly unknown[]; binary: boolean }): void;
  execute(message?: undefined): void;
  sync(): void;
}

/** Whether it is a client of the JavaScript driver that sends one query after the other by default. */
export function isSupportedClient(client: ClientBase): boolean {
  const { connection, pipeline } = internals(client);
  return connection !== undefined && pipeline !== true;
}

/** Whether it is a client of the JavaScript driver. A pool, which runs each query on another one, is none. */
export function isDriverClient(value: unknown): value is ClientBase {
  return typeof value === 'object' && value !== null && internals(value).connection !== undefined;
}

/** No query of anybody's is under way or queued, and no transaction is open or failed. */
export function isAtRest(client: ClientBase): boolean {
  return isReady(client) && client.getTransactionStatus() === 'I';
}

/** Calls back once no query is under way any more, or the wait took too long or is in vain. */
export function whenReady(client: ClientBase, timeout: number, done: () => void): void {
  let isOver = false;
  const settle = (): void => {
    if (isOver) {
      return;
    }
    isOver = true;
    cancel();
    client.off('drain', settle);
    client.off('end', settle);
    done();
  };
  const cancel = afterReading(timeout, settle);
  client.on('drain', settle);
  client.on('end', settle);
  // A client that has just connected is ready a moment after the pool hands it out.
  process.nextTick(() => {
    if (isReady(client)) {
      settle();
    }
  });
}

/** The backend's process id. A pooler in between makes up one of its own. */
export function processIdOf(client: ClientBase): number {
  return internals(client).processID ?? 0;
}

/** How many bytes the client has received. */
export function bytesReadBy(client: ClientBase): number {
  return internals(client).connection?.stream.bytesRead ?? 0;
}

export function destroySocket(client: ClientBase): void {
  internals(client).connection?.stream.destroy();
}

/**
 * Has the driver send queries before those in front of them are answered, or one after the other again.
 * Returns whether it can.
 */
export function setPipelining(client: ClientBase, pipeline: boolean): boolean {
  const driver = internals(client);
  if (driver.pipeline === undefined || !(client instanceof pg.Client)) {
    return false;
  }
  driver.pipeline = pipeline;
  return true;
}

/** What a query of our own inherits from, so that the driver takes it for one of its own. */
export const queryPrototype: object = (pg.Query as unknown as { prototype: object }).prototype;

/** Checks a client out. Returns what ends the attempt to connect, if one had to be made. */
export function startCheckOut(
  pool: Pool,
  done: (error: Error | undefined, client: PoolClient | undefined) => void,
): (() => void) | undefined {
  const before = clientsOf(pool).length;
  try {
    pool.connect(done);
  } catch (error) {
    // The pool makes a client at once, which reads the files of certificates. The error may name a file.
    const failure = new Error(`pg cannot make a client of its settings (${codeOf(error)})`);
    process.nextTick(done, failure);
    return undefined;
  }
  const clients = clientsOf(pool);
  const made = clients.length > before ? clients[clients.length - 1] : undefined;
  return made === undefined ? undefined : () => destroySocket(made);
}

function clientsOf(pool: Pool): readonly ClientBase[] {
  return (pool as unknown as { _clients?: readonly ClientBase[] })._clients ?? [];
}

function isReady(client: ClientBase): boolean {
  return internals(client).readyForQuery === true;
}

function internals(client: object): DriverClient {
  return client as DriverClient;
}
