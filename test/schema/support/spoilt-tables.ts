export interface SpoiltTable {
  what: string;
  /** Changes a table that the store made. */
  spoil: (table: string) => string;
  told: string | RegExp;
}

const CASE_INSENSITIVE = `CREATE COLLATION IF NOT EXISTS case_insensitive
  (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`;

/** Each is mended by what the message says has to be run. */
export const SPOILT_TABLES: SpoiltTable[] = [
  {
    what: 'a deferrable primary key',
    spoil: (t) => `ALTER TABLE ${t} DROP CONSTRAINT ${t}_pkey, ADD PRIMARY KEY (id) DEFERRABLE`,
    told: /key ".*_pkey" is deferrable/,
  },
  {
    what: 'a deferrable unique constraint beside its primary key',
    spoil: (t) => `ALTER TABLE ${t} ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED`,
    told: /key ".*_id_key" is deferrable/,
  },
  {
    what: 'no primary key',
    spoil: (t) => `ALTER TABLE ${t} DROP CONSTRAINT ${t}_pkey`,
    told: 'column "id" has no primary key or unique index',
  },
  {
    what: 'a unique index over some rows alone',
    spoil: (t) =>
      `ALTER TABLE ${t} DROP CONSTRAINT ${t}_pkey;
       CREATE UNIQUE INDEX ON ${t} (id) WHERE expires_at IS NULL`,
    told: 'column "id" has no primary key or unique index',
  },
  {
    what: 'a unique index that takes keys for one',
    spoil: (t) =>
      `${CASE_INSENSITIVE}; CREATE UNIQUE INDEX loose_${t} ON ${t} (id COLLATE case_insensitive)`,
    told: /unique index "loose_.*" has a collation that is not deterministic/,
  },
  {
    what: 'a key whose collation is not deterministic',
    spoil: (t) =>
      `${CASE_INSENSITIVE}; ALTER TABLE ${t} ALTER COLUMN id TYPE text COLLATE case_insensitive`,
    told: 'column "id" has a collation that is not deterministic',
  },
  {
    what: 'an owner whose collation is not deterministic',
    spoil: (t) =>
      `${CASE_INSENSITIVE}; ALTER TABLE ${t} ALTER COLUMN owner TYPE text COLLATE case_insensitive`,
    told: 'column "owner" has a collation that is not deterministic',
  },
  {
    what: 'a further column that must not be null',
    spoil: (t) => `ALTER TABLE ${t} ADD COLUMN "Tenant" int NOT NULL`,
    told: 'column "Tenant" is NOT NULL without a default',
  },
  {
    what: 'an owner that must not be null',
    spoil: (t) => `ALTER TABLE ${t} ALTER COLUMN owner SET NOT NULL`,
    told: 'column "owner" is NOT NULL',
  },
  {
    what: 'an expiry that must not be null',
    spoil: (t) => `ALTER TABLE ${t} ALTER COLUMN expires_at SET NOT NULL`,
    told: 'column "expires_at" is NOT NULL',
  },
  {
    what: 'an expiry bucket that must not be null',
    spoil: (t) => `ALTER TABLE ${t} ALTER COLUMN expires_bucket SET NOT NULL`,
    told: 'column "expires_bucket" is NOT NULL',
  },
  {
    what: 'an owner that is no text',
    spoil: (t) => `ALTER TABLE ${t} DROP COLUMN owner, ADD COLUMN owner uuid`,
    told: 'column "owner" is uuid, and must be text',
  },
  {
    what: 'an owner that is generated',
    spoil: (t) =>
      `ALTER TABLE ${t} DROP COLUMN owner,
         ADD COLUMN owner text COLLATE "C" GENERATED ALWAYS AS (left(id, 3)) STORED`,
    told: 'column "owner" is generated',
  },
  {
    what: 'a key that is no text',
    spoil: (t) => `ALTER TABLE ${t} ALTER COLUMN id TYPE varchar(2000)`,
    told: 'column "id" is character varying, and must be text',
  },
  {
    what: 'a value that is no bytea',
    spoil: (t) => `ALTER TABLE ${t} DROP COLUMN value, ADD COLUMN value jsonb NOT NULL`,
    told: 'column "value" is jsonb, and must be bytea',
  },
  {
    what: 'an expiry without a time zone',
    spoil: (t) =>
      `ALTER TABLE ${t} DROP COLUMN expires_bucket, ALTER COLUMN expires_at TYPE timestamp`,
    told: 'column "expires_at" is timestamp without time zone, and must be timestamp with time zone',
  },
  {
    what: 'no value',
    spoil: (t) => `ALTER TABLE ${t} DROP COLUMN value`,
    told: 'column "value" (bytea) is missing',
  },
  {
    what: 'an expiry bucket that is not generated any more',
    spoil: (t) => `ALTER TABLE ${t} ALTER COLUMN expires_bucket DROP EXPRESSION`,
    told: 'column "expires_bucket" is not the stored generated column',
  },
  {
    what: 'a rule that keeps what is written from it',
    spoil: (t) => `CREATE RULE swallow AS ON INSERT TO ${t} DO INSTEAD NOTHING`,
    told: 'rule "swallow" rewrites what is written',
  },
];
