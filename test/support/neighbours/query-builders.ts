import type { Pool } from 'pg';
import { ignore, listenToClients, type Neighbour } from './neighbour.js';

/** An object mapper or query builder that works on a pool it was lent. */
export interface QueryBuilder {
  query(text: string): Promise<unknown>;
  /** The same in a transaction of its own. */
  transaction(text: string): Promise<unknown>;
}

export type OpenQueryBuilder = (pool: Pool) => QueryBuilder | Promise<QueryBuilder>;

/** Queries and transactions of a query builder, some of which take longer than the driver waits. */
export function queryBuilder(open: OpenQueryBuilder, slow: string): Neighbour {
  const builders = new Map<Pool, QueryBuilder>();
  return {
    attach: async (pool) => {
      listenToClients(pool);
      builders.set(pool, await open(pool));
    },
    work: async (pool) => {
      const builder = builders.get(pool);
      const text = Math.random() < 0.2 ? slow : 'SELECT 1';
      const done = Math.random() < 0.5 ? builder?.query(text) : builder?.transaction(text);
      await done?.catch(ignore);
    },
  };
}
