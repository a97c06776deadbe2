import { inSchema, quoteExactly } from './identifiers.js';
import type { Column, TableDescription } from './table-inspection.js';
import {
  COLUMN_DEFINITIONS,
  createExpiryIndex,
  EXPIRY_BUCKET_COLUMN,
  OWNER_COLUMN,
  REQUIRED_COLUMNS,
} from './table-layout.js';
import type { TableNames } from './table-name.js';

/** What keeps the store from using a table, and the SQL that changes it, if there is any. */
export interface TableFault {
  readonly what: string;
  readonly cure?: string;
}

const TIMESTAMPTZ = REQUIRED_COLUMNS.expires_at;

/** The columns that we write: their types, and how others become that. */
const WRITTEN_COLUMNS = new Map<string, { readonly type: string; readonly conversion: string }>([
  ['id', { type: 'text', conversion: 'text COLLATE "C" USING id::text' }],
  ['value', { type: 'bytea', conversion: `bytea USING convert_to(value::text, 'UTF8')` }],
  [
    'expires_at',
    { type: TIMESTAMPTZ, conversion: `${TIMESTAMPTZ} USING expires_at::text::${TIMESTAMPTZ}` },
  ],
  [OWNER_COLUMN, { type: 'text', conversion: `text COLLATE "C" USING ${OWNER_COLUMN}::text` }],
]);

/** What keeps the store from using the columns. */
export function findColumnFaults(names: TableNames, table: TableDescription): TableFault[] {
  return [
    ...missingFaults(table),
    ...[...table.columns].flatMap(([name, column]) =>
      name === EXPIRY_BUCKET_COLUMN
        ? bucketFaults(names, table, column)
        : columnFaults(table, name, column),
    ),
  ];
}

function missingFaults({ columns, qualified }: TableDescription): TableFault[] {
  return Object.entries(REQUIRED_COLUMNS)
    .filter(([name]) => !columns.has(name))
    .map(([name, type]) => ({
      what: `column "${name}" (${type}) is missing`,
      cure: `ALTER TABLE ${qualified} ADD COLUMN ${name} ${COLUMN_DEFINITIONS[name]}`,
    }));
}

function columnFaults(table: TableDescription, name: string, column: Column): TableFault[] {
  const { type, isDeterministic, isNotNull, hasDefault, generated } = column;
  const fault = (what: string, change: string): TableFault =>
    changeColumn(table, name, what, change);
  const written = WRITTEN_COLUMNS.get(name);
  if (written === undefined) {
    return isNotNull && !hasDefault
      ? [fault('is NOT NULL without a default, and nothing writes it', 'DROP NOT NULL')]
      : [];
  }
  const faults: TableFault[] = [];
  if (type !== written.type) {
    faults.push(fault(`is ${type}, and must be ${written.type}`, `TYPE ${written.conversion}`));
  } else if (!isDeterministic) {
    const what = 'has a collation that is not deterministic, and takes different texts for one';
    faults.push(fault(what, `TYPE ${written.conversion}`));
  }
  if (generated !== '') {
    faults.push(fault('is generated, and must be written', 'DROP EXPRESSION'));
  }
  return isNotNull && isNullable(name) ? [...faults, mustBeNull(table, name)] : faults;
}

/** A plain column in its place stays null, so a sweep by it finds nothing. */
function bucketFaults(
  names: TableNames,
  table: TableDescription,
  { type, generated, isNotNull }: Column,
): TableFault[] {
  const { qualified, schema } = table;
  if (type !== TIMESTAMPTZ || generated !== 's') {
    const definition = COLUMN_DEFINITIONS[EXPIRY_BUCKET_COLUMN];
    return [
      {
        what: `column "${EXPIRY_BUCKET_COLUMN}" is not the stored generated column that expired entries are found by`,
        cure: [
          `ALTER TABLE ${qualified} DROP COLUMN ${EXPIRY_BUCKET_COLUMN}, ADD COLUMN ${EXPIRY_BUCKET_COLUMN} ${definition}`,
          `DROP INDEX IF EXISTS ${inSchema(schema, names.expiryIndex)}`,
          createExpiryIndex(names),
        ].join(';\n'),
      },
    ];
  }
  return isNotNull ? [mustBeNull(table, EXPIRY_BUCKET_COLUMN)] : [];
}

function mustBeNull(table: TableDescription, name: string): TableFault {
  return changeColumn(table, name, 'is NOT NULL, and must be null at times', 'DROP NOT NULL');
}

function changeColumn(
  { qualified }: TableDescription,
  name: string,
  what: string,
  change: string,
): TableFault {
  return {
    what: `column "${name}" ${what}`,
    cure: `ALTER TABLE ${qualified} ALTER COLUMN ${quoteExactly(name)} ${change}`,
  };
}

function isNullable(name: string): boolean {
  return name === 'expires_at' || name === OWNER_COLUMN;
}
