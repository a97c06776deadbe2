import {
  busyClients,
  failingQueries,
  openTransactions,
} from '../../../support/neighbours/clients.js';
import { acquireHook, connectHook, statementsInFront } from '../../../support/neighbours/hooks.js';
import type { Neighbour } from '../../../support/neighbours/neighbour.js';
import { queryBuilder, type OpenQueryBuilder } from '../../../support/neighbours/query-builders.js';
import type { LoadSettings } from './settings.js';
import { LIVE } from './values.js';

export async function neighbourOf(settings: LoadSettings): Promise<Neighbour> {
  switch (settings.neighbour) {
    case 'nobody':
      return {};
    case 'failingQueries':
      return failingQueries(
        `INSERT INTO ${settings.tableName} (id, value) VALUES ('${LIVE[0]}', '')`,
      );
    case 'busyClients':
      return busyClients;
    case 'openTransactions':
      return openTransactions;
    case 'statementsInFront':
      return statementsInFront;
    case 'acquireHook':
      return acquireHook;
    case 'connectHook':
      return connectHook;
    case 'queryBuilder': {
      const { queryBuilder: module = '', queryTimeout = 0 } = settings;
      const { open } = (await import(module)) as { open: OpenQueryBuilder };
      return queryBuilder(open, `SELECT pg_sleep(${(2 * queryTimeout) / 1_000})`);
    }
  }
}
