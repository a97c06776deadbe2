import { Pool, type PoolConfig } from 'pg';
import { describePostgresStore } from './postgres-store.suite.js';
import { postgresSubject } from './postgres-subject.js';

/** What roles, databases and connection strings may set, other than PostgreSQL does by default. */
const SETTINGS = {
  quote_all_identifiers: 'on',
  bytea_output: 'escape',
  DateStyle: 'German',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
};

/** Parsers that leave everything as the server wrote it, and rows that are asked for in binary. */
function oddConfig(connectionString: string): PoolConfig {
  const url = new URL(connectionString);
  const options = Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`);
  url.searchParams.set('options', [url.searchParams.get('options'), ...options].join(' '));
  url.search = url.search.replaceAll('+', '%20');
  const types = { getTypeParser: () => (value: unknown) => value };
  const config = { connectionString: url.href, types, binary: true };
  return config;
}

describePostgresStore(
  'the store on a lent pool with parsers of somebody else, on a server with odd settings',
  postgresSubject({ target: (url) => ({ pool: new Pool(oddConfig(url)) }) }),
);
