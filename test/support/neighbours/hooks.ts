import type { Client, PoolClient } from 'pg';
import { ignore, type Neighbour } from './neighbour.js';

/** Changes nothing, and the server answers it as it does any statement. */
const STATEMENT = 'SET application_name TO DEFAULT';

type Query = (...args: unknown[]) => unknown;

/** A statement of the application on every client that leaves the pool, not awaited by anybody. */
export const acquireHook: Neighbour = {
  attach: (pool) => void pool.on('acquire', sendStatement),
};

/** The same on every new client. */
export const connectHook: Neighbour = {
  attach: (pool) => void pool.on('connect', sendStatement),
};

/** Something that queues a statement of its own before every query, as tracers do. */
export const statementsInFront: Neighbour = {
  attach: (pool) => void pool.on('connect', sendStatementBeforeEach),
};

function sendStatement(client: PoolClient): void {
  client.query(STATEMENT, ignore);
}

function sendStatementBeforeEach(client: Pick<Client, 'query'>): void {
  const query = client.query.bind(client) as Query;
  const both: Query = (...args) => {
    query(STATEMENT, ignore);
    return query(...args);
  };
  client.query = both as Client['query'];
}
