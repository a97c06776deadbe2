import type * as core from '@nestjs/core';
import type pg from 'pg';
import type * as session from '../../../../lib/index.js';

/** What packages.mjs brings. */
export type Packages = Pick<typeof core, 'NestFactory'> &
  Pick<
    typeof session,
    'getSessionPoolToken' | 'getSessionSchemaSql' | 'getSessionStoreToken' | 'PostgresSessionModule'
  > & {
    pg: typeof pg;
  };
