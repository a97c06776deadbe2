import type { PostgresSessionModuleOptions } from './interfaces/postgres-session-module-options.interface.js';
import { resolveNames } from './postgres-session.options.js';
import { schemaSql } from './sql/table-layout.js';

/**
 * The DDL that schema init runs, for those who make their tables by migrations.
 *
 * @throws PostgresSessionError `ERR_INVALID_OPTION` for a bad name.
 *
 * @publicApi
 */
export function getSessionSchemaSql(
  options: Pick<PostgresSessionModuleOptions, 'schema' | 'tableName'> = {},
): string {
  return schemaSql(resolveNames(options));
}
