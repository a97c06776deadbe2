import type { ClientBase } from 'pg';
import { AS_SENT } from './as-sent.js';
import type { TableFault } from './column-faults.js';
import { distributeTable, schemaSql } from './table-layout.js';
import type { TableNames } from './table-name.js';

/** What Citus knows of a table, which may not be there. */
export interface CitusTable {
  /** Whether this node is a worker: a table that is made here is of this node alone. */
  readonly isWorker: boolean;
  readonly isDistributed: boolean;
  /** The column that says where a row lies; null if all rows lie together. */
  readonly distributionColumn: string | null;
}

/** Only where Citus is: elsewhere its catalog is not there to be read. */
const INSPECT = `
SELECT jsonb_build_object(
  'isWorker', (SELECT groupid <> 0 FROM pg_catalog.pg_dist_local_group),
  'isDistributed', p.logicalrelid IS NOT NULL,
  'distributionColumn', column_to_column_name(p.logicalrelid, p.partkey))::text AS found
FROM (SELECT to_regclass($1) AS oid) AS c
LEFT JOIN pg_catalog.pg_dist_partition AS p ON p.logicalrelid = c.oid`;

export async function inspectCitus(client: ClientBase, names: TableNames): Promise<CitusTable> {
  const { rows } = await client.query<{ found: string }>({
    text: INSPECT,
    values: [names.qualified],
    types: AS_SENT,
  });
  return JSON.parse(rows[0].found) as CitusTable;
}

export async function hasCitus(client: ClientBase): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT FROM pg_extension WHERE extname = 'citus'`);
  return rowCount === 1;
}

/** What keeps the store from using a table as Citus has it. */
export function findCitusFaults(names: TableNames, table: CitusTable): TableFault[] {
  const { isWorker, isDistributed, distributionColumn } = table;
  if (isWorker && !isDistributed) {
    const what =
      'this is a worker node of Citus, and the table would be of this node alone, so it has to be made on the coordinator';
    return [{ what, cure: schemaSql(names, true).trimEnd().replace(/;$/, '') }];
  }
  if (distributionColumn !== null && distributionColumn !== 'id') {
    const what = `it is distributed by "${distributionColumn}", and must be by "id"`;
    const cure = `SELECT undistribute_table('${names.qualified}');\n${distributeTable(names)}`;
    return [{ what, cure }];
  }
  return [];
}
