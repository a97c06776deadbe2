import type { PostgresSessionModuleOptions } from './interfaces/postgres-session-module-options.interface.js';
import { invalid, isRecord, kindOf, resolveTable } from './option-checks.js';
import { OPTIONS } from './postgres-session.options.js';
import { schemaSql } from './sql/table-layout.js';
import { tableNames } from './sql/table-name.js';

const NAMES = { schema: OPTIONS.schema, tableName: OPTIONS.tableName };

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
  if (!isRecord(options)) {
    throw invalid('options', undefined, 'an object with `schema` or `tableName`', kindOf(options));
  }
  const { schema, tableName } = resolveTable(NAMES, options);
  return schemaSql(tableNames(tableName, schema));
}
