import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Harness } from '../../support/harness.js';
import {
  installQueryBuilders,
  moduleIn,
  QUERY_BUILDERS,
} from './support/query-builder-packages.js';
import { itWithstands } from './support/withstand.js';

/** Installing takes its time. */
const SLOW = 120_000;

/** Milliseconds that pg waits for a query; some of the queries take longer. */
const QUERY_TIMEOUT = 250;

describe.each(QUERY_BUILDERS)('Queries of %s that time out in the driver', (name) => {
  const harness = Harness.use();

  itWithstands(harness, name, () => ({
    neighbour: 'queryBuilder',
    packages: moduleIn(folder, 'packages'),
    queryBuilder: moduleIn(folder, name),
    queryTimeout: QUERY_TIMEOUT,
  }));
});

let folder: string;

beforeAll(async () => {
  folder = await installQueryBuilders();
}, SLOW);

afterAll(() => rm(folder, { recursive: true, force: true }));
