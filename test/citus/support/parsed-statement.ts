import type { Harness } from '../../support/harness.js';
import type { Catalog } from './modification-rules.js';
import { parseNodeTree, type TreeItem } from './node-tree.js';

interface Routine {
  oid: string;
  volatility: string;
}

interface TextType {
  oid: string;
  input: string;
  output: string;
}

export async function readCatalog(harness: Harness): Promise<Catalog> {
  const routines = await harness.sql<Routine>(
    `SELECT oid::text, provolatile::text AS volatility FROM pg_proc WHERE provolatile <> 'i'`,
  );
  const types = await harness.sql<TextType>(
    'SELECT oid::text, typinput::oid::text AS input, typoutput::oid::text AS output FROM pg_type',
  );
  return {
    mutable: new Set(routines.map(({ oid }) => oid)),
    volatile: new Set(routines.flatMap(({ oid, volatility }) => (volatility === 'v' ? [oid] : []))),
    input: new Map(types.map(({ oid, input }) => [oid, input])),
    output: new Map(types.map(({ oid, output }) => [oid, output])),
  };
}

/** A statement as PostgreSQL parses it: as the body of a function, which the catalog keeps as a tree. */
export async function parseStatement(
  harness: Harness,
  statement: string,
): Promise<readonly TreeItem[]> {
  const client = await harness.connect();
  await client.query('BEGIN');
  try {
    await client.query(`PREPARE parsed AS ${statement}`);
    const prepared = await client.query<{ types: string }>(
      `SELECT array_to_string(parameter_types, ', ') AS types FROM pg_prepared_statements WHERE name = 'parsed'`,
    );
    await client.query(
      `CREATE FUNCTION parsed_statement(${prepared.rows[0].types}) RETURNS void
       LANGUAGE sql BEGIN ATOMIC ${statement}; END`,
    );
    const { rows } = await client.query<{ tree: string }>(
      `SELECT prosqlbody::text AS tree FROM pg_proc WHERE proname = 'parsed_statement'
       AND pronamespace = current_schema()::regnamespace`,
    );
    return parseNodeTree(rows[0].tree);
  } finally {
    await client.query('ROLLBACK');
    await client.query('DEALLOCATE ALL');
  }
}
