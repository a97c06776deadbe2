import { findCitusFaults } from './citus-inspection.js';
import { findColumnFaults, type TableFault } from './column-faults.js';
import { inSchema, quoteExactly } from './identifiers.js';
import type { KeyIndex, TableDescription } from './table-inspection.js';
import type { TableNames } from './table-name.js';

/** Relations, by `relkind`. */
const KINDS: Readonly<Record<string, string>> = {
  r: 'a table',
  p: 'a partitioned table',
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  I: 'an index',
  c: 'a type',
};

/** The kinds of relations that the store can use. */
const TABLE_KINDS = ['r', 'p'];

/** In one message, with what would have to be run. */
export function describeFaults({ told }: TableNames, faults: readonly TableFault[]): string {
  const cures = faults.flatMap(({ cure }) => (cure === undefined ? [] : [`${cure};\n`]));
  const advice =
    cures.length === 0
      ? 'Choose another tableName.'
      : `Choose another tableName, or have a DBA run:\n${cures.join('')}`;
  return `table ${told} cannot be used: ${faults.map(({ what }) => what).join('; ')}. ${advice}`;
}

/** Everything that keeps the store from using the table; empty if nothing does. */
export function findFaults(
  names: TableNames,
  table: TableDescription,
  readOnly: boolean,
): TableFault[] {
  const { kind, isTemporary } = table;
  if (!TABLE_KINDS.includes(kind)) {
    return [{ what: `it is ${KINDS[kind]}` }];
  }
  if (isTemporary) {
    return [{ what: 'it is temporary, so other connections cannot see it' }];
  }
  const misplaced = table.citus === undefined ? [] : findCitusFaults(names, table.citus);
  if (misplaced.length > 0) {
    return misplaced;
  }
  return [
    ...findColumnFaults(names, table),
    ...keyFaults(table),
    ...ruleFaults(table),
    ...policyFaults(table, readOnly ? ['SELECT'] : ['SELECT', 'INSERT', 'UPDATE', 'DELETE']),
    ...brokenIndexFaults(table),
  ];
}

/** Names of our indexes that something else has. */
export function findTakenNames({ schema, named }: TableDescription): TableFault[] {
  return named
    .filter(({ isOurs }) => !isOurs)
    .map(({ name, kind }) => ({
      what: `the name "${name}" of its index is taken by ${KINDS[kind]}`,
      cure: `ALTER TABLE ${inSchema(schema, name)} RENAME TO ${quoteExactly(`other_${name}`)}`,
    }));
}

/** An upsert goes by every valid unique index on `id`, so none of these may be unfit. */
function keyFaults({ columns, keys, qualified, schema }: TableDescription): TableFault[] {
  const id = columns.get('id');
  if (id === undefined) {
    return [];
  }
  const valid = keys.filter(({ isValid }) => isValid);
  const unfit = [
    ...valid.filter(({ isDeferrable }) => isDeferrable).map((key) => deferrable(qualified, key)),
    ...(id.isDeterministic ? valid : [])
      .filter(({ isDeterministic }) => !isDeterministic)
      .map(({ name }) => ({
        what: `its unique index "${name}" has a collation that is not deterministic, and takes different keys for one`,
        cure: `DROP INDEX ${inSchema(schema, name)};\n${createKey(qualified)}`,
      })),
  ];
  if (unfit.length > 0 || valid.length > 0) {
    return unfit;
  }
  return keys.length === 0
    ? [{ what: 'column "id" has no primary key or unique index', cure: createKey(qualified) }]
    : keys.map(({ name }) => brokenIndex(schema, name));
}

function deferrable(qualified: string, { name, constraint }: KeyIndex): TableFault {
  const kind = constraint === 'p' ? 'PRIMARY KEY' : 'UNIQUE';
  return {
    what: `its key "${name}" is deferrable, and no upsert can go by it`,
    cure: `ALTER TABLE ${qualified} DROP CONSTRAINT ${quoteExactly(name)}, ADD ${kind} (id)`,
  };
}

/** No upsert works on a table with rules. */
function ruleFaults({ rules, qualified }: TableDescription): TableFault[] {
  return rules.map((name) => ({
    what: `its rule "${name}" rewrites what is written to it`,
    cure: `DROP RULE ${quoteExactly(name)} ON ${qualified}`,
  }));
}

function policyFaults(
  { denied, role, qualified }: TableDescription,
  needed: readonly string[],
): TableFault[] {
  const lacking = needed.filter((command) => denied.includes(command));
  return lacking.length === 0
    ? []
    : [
        {
          what: `its row-level security has no policy that allows the role "${role}" to ${lacking.join(', ')}`,
          cure: `CREATE POLICY sessions ON ${qualified} TO ${quoteExactly(role)} USING (true) WITH CHECK (true)`,
        },
      ];
}

function brokenIndexFaults({ named, schema }: TableDescription): TableFault[] {
  return named
    .filter(({ isOurs, isBroken }) => isOurs && isBroken)
    .map(({ name }) => brokenIndex(schema, name));
}

function brokenIndex(schema: string, name: string): TableFault {
  return {
    what: `its index "${name}" is invalid, as a failed CREATE INDEX CONCURRENTLY leaves it`,
    cure: `REINDEX INDEX CONCURRENTLY ${inSchema(schema, name)}`,
  };
}

function createKey(qualified: string): string {
  return `CREATE UNIQUE INDEX ON ${qualified} (id)`;
}
