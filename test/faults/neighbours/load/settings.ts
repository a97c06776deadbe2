/** Whose pool a store works on: one that the module made, or one that the application lent. */
export type PoolKind = 'own' | 'lent';

export const POOL_KINDS: readonly PoolKind[] = ['own', 'lent'];

export type NeighbourName =
  | 'nobody'
  | 'failingQueries'
  | 'busyClients'
  | 'openTransactions'
  | 'statementsInFront'
  | 'acquireHook'
  | 'connectHook'
  | 'queryBuilder';

/** What a test asks of the program that makes the load. */
export interface LoadSettings {
  connectionString: string;
  /** Which of the server's connections are the program's, for those that are ended on purpose. */
  applicationName: string;
  tableName: string;
  pool: PoolKind;
  neighbour: NeighbourName;
  /** The URL of the module that opens a query builder, where one is the neighbour. */
  queryBuilder?: string;
  /** Milliseconds that pg itself waits for a query of the pool. */
  queryTimeout?: number;
  milliseconds: number;
  /** The URL of the module that brings the packages, from where they are installed. */
  packages: string;
}

export interface Fault {
  kind: string;
  count: number;
  /** The first of its kind. */
  example: string;
}

/** What the program says at its end. */
export interface LoadReport {
  type: 'report';
  faults: Fault[];
  /** Gets that were answered with the value of their key. */
  right: number;
  /** How often calls were rejected, by code. */
  rejections: Record<string, number>;
  /** Backends that were ended. */
  terminated: number;
  /** Rounds of the neighbour's own work, if it has any. */
  rounds?: number;
}
