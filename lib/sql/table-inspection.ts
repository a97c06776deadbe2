import type { ClientBase } from 'pg';
import { AS_SENT } from './as-sent.js';
import { inspectCitus, type CitusTable } from './citus-inspection.js';
import { inSchema } from './identifiers.js';
import { EXPIRY_BUCKET_COLUMN, OWNER_COLUMN, type TableLayout } from './table-layout.js';
import type { TableNames } from './table-name.js';

/** A column as the catalog describes it. */
export interface Column {
  /** As `format_type` writes it, without quotes. */
  readonly type: string;
  readonly isNotNull: boolean;
  readonly hasDefault: boolean;
  /** `s` for stored, `v` for virtual, empty for a column that is not generated. */
  readonly generated: string;
  /** `null` if its type has none. */
  readonly collation: string | null;
  readonly isDeterministic: boolean;
}

/** A unique index on `id` alone, over all rows. */
export interface KeyIndex {
  readonly name: string;
  /** As `contype` has it; `null` for an index alone. */
  readonly constraint: 'p' | 'u' | null;
  readonly isValid: boolean;
  readonly isDeferrable: boolean;
  readonly isDeterministic: boolean;
}

/** A relation that has the name of one of our indexes. */
export interface NamedRelation {
  readonly name: string;
  /** As `relkind` has it. */
  readonly kind: string;
  /** Whether it is an index of the table. */
  readonly isOurs: boolean;
  /** Whether it is an index that was left half built, and that nobody is building. */
  readonly isBroken: boolean;
}

/** A table as the catalog describes it. */
export interface TableDescription {
  readonly schema: string;
  /** Its name with that schema, quoted. */
  readonly qualified: string;
  /** As `relkind` has it. */
  readonly kind: string;
  readonly isTemporary: boolean;
  /** As which the connection works. */
  readonly role: string;
  /** Of the database. */
  readonly encoding: string;
  readonly columns: ReadonlyMap<string, Column>;
  readonly keys: readonly KeyIndex[];
  readonly named: readonly NamedRelation[];
  /** Rules that rewrite what is sent to it. */
  readonly rules: readonly string[];
  /** Commands that row-level security denies the role altogether. */
  readonly denied: readonly string[];
  /** Absent if the database has no Citus. */
  readonly citus: CitusTable | undefined;
}

type CatalogTable = Omit<TableDescription, 'columns' | 'qualified' | 'citus'> & {
  readonly columns: Record<string, Column>;
  readonly hasCitus: boolean;
};

/**
 * One read for everything but what Citus alone knows, which takes no lock that a writer holds. As text, since applications change how
 * the driver parses other types; without the quotes of `quote_all_identifiers`. `CREATE INDEX CONCURRENTLY`
 * holds a lock of its own mode while it builds.
 */
const DESCRIBE = `
SELECT jsonb_build_object('schema', n.nspname, 'kind', c.relkind,
  'hasCitus', EXISTS (SELECT FROM pg_extension WHERE extname = 'citus'),
  'isTemporary', c.relpersistence = 't', 'encoding', getdatabaseencoding(), 'role', current_user,
  'columns', (SELECT coalesce(jsonb_object_agg(a.attname, jsonb_build_object(
       'type', replace(format_type(a.atttypid, NULL), '"', ''), 'isNotNull', a.attnotnull OR t.typnotnull,
       'hasDefault', a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,
       'generated', a.attgenerated, 'collation', l.collname,
       'isDeterministic', coalesce(l.collisdeterministic, true))), '{}')
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
       LEFT JOIN pg_collation l ON l.oid = a.attcollation
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'keys', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', i.relname,
       'constraint', (SELECT o.contype FROM pg_constraint o
          WHERE o.conindid = i.oid AND o.conrelid = c.oid AND o.contype IN ('p', 'u')),
       'isValid', x.indisvalid, 'isDeferrable', NOT x.indimmediate,
       'isDeterministic', coalesce(l.collisdeterministic, true))), '[]')
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' AND a.attnum = x.indkey[0]
       LEFT JOIN pg_collation l ON l.oid = x.indcollation[0]
     WHERE x.indrelid = c.oid AND x.indisunique AND x.indpred IS NULL AND x.indnkeyatts = 1),
  'named', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', i.relname, 'kind', i.relkind,
       'isOurs', coalesce(x.indrelid = c.oid, false),
       'isBroken', coalesce(NOT x.indisvalid, false) AND NOT EXISTS (SELECT FROM pg_locks k
          WHERE k.relation = c.oid AND k.mode = 'ShareUpdateExclusiveLock' AND k.granted
            AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())))), '[]')
     FROM pg_class i LEFT JOIN pg_index x ON x.indexrelid = i.oid
     WHERE i.relnamespace = c.relnamespace AND i.relname = ANY($2::text[])),
  'rules', (SELECT coalesce(jsonb_agg(r.rulename), '[]')
     FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_enabled IN ('O', 'A')),
  'denied', (SELECT coalesce(jsonb_agg(w.command), '[]')
     FROM (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) AS w (command, letter)
     WHERE row_security_active(c.oid) AND NOT EXISTS (SELECT FROM pg_policy p
       WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd::text IN ('*', w.letter)
         AND EXISTS (SELECT FROM unnest(p.polroles) AS r (oid)
           WHERE CASE WHEN r.oid = 0 THEN true ELSE pg_has_role(r.oid, 'USAGE') END))))::text AS found
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)`;

export async function describeTable(
  client: ClientBase,
  names: TableNames,
): Promise<TableDescription | undefined> {
  const values = [names.qualified, [names.expiryIndex, names.ownerIndex]];
  const { rows } = await client.query<{ found: string }>({
    text: DESCRIBE,
    values,
    types: AS_SENT,
  });
  if (rows.length === 0) {
    return undefined;
  }
  const { hasCitus, ...table } = JSON.parse(rows[0].found) as CatalogTable;
  return {
    ...table,
    qualified: inSchema(table.schema, names.table),
    columns: new Map(Object.entries(table.columns)),
    citus: hasCitus ? await inspectCitus(client, names) : undefined,
  };
}

export function layoutOf(names: TableNames, table: TableDescription): TableLayout {
  const { schema, qualified, columns, encoding } = table;
  return {
    names,
    schema,
    qualified,
    hasOwner: columns.has(OWNER_COLUMN),
    hasExpiryBucket: columns.has(EXPIRY_BUCKET_COLUMN),
    sortsByBytes: columns.get('id')?.collation === 'C',
    encoding,
    hasCitus: table.citus !== undefined,
    isDistributed: table.citus?.isDistributed === true,
  };
}
