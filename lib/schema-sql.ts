import type { PostgresSessionModuleOptions } from './interfaces/postgres-session-module-options.interface.js';
import { flag, invalid, isRecord, kindOf, option, resolveTable } from './option-checks.js';
import { OPTIONS } from './postgres-session.options.js';
import { schemaSql } from './sql/table-layout.js';
import { tableNames } from './sql/table-name.js';

const SQL_OPTIONS = {
  schema: OPTIONS.schema,
  tableName: OPTIONS.tableName,
  citus: option(flag, false, 'whether the table is distributed over the nodes of Citus'),
};

/**
 * Which DDL is asked for.
 *
 * @publicApi
 */
export interface SessionSchemaSqlOptions extends Pick<
  PostgresSessionModuleOptions,
  'schema' | 'tableName'
> {
  /** Adds the command that distributes the table over the nodes of Citus. Default: false. */
  citus?: boolean;
}

/**
 * The DDL that schema init runs, for those who make their tables by migrations.
 *
 * @throws PostgresSessionError `ERR_INVALID_OPTION` for a bad name.
 *
 * @publicApi
 */
export function getSessionSchemaSql(options: SessionSchemaSqlOptions = {}): string {
  if (!isRecord(options)) {
    const allowed = 'an object with `schema`, `tableName` or `citus`';
    throw invalid('options', undefined, allowed, kindOf(options));
  }
  const { schema, tableName, citus } = resolveTable(SQL_OPTIONS, options);
  return schemaSql(tableNames(tableName, schema), citus);
}
