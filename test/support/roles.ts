import { randomBytes } from 'node:crypto';
import type { Harness } from './harness.js';

export interface Clerk {
  role: string;
  /** The role's connection string. */
  connection: string;
}

/** A role that may look into the schema, and no more. */
export async function createClerk(harness: Harness): Promise<Clerk> {
  const role = `role_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await harness.sql(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await harness.sql(`GRANT USAGE ON SCHEMA ${harness.schema} TO ${role}`);
  harness.onEnd(() => harness.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
  const url = new URL(harness.url);
  url.username = role;
  url.password = password;
  return { role, connection: url.href };
}

/** Lets the role work on the rows of a table. */
export async function grantRows(harness: Harness, table: string, { role }: Clerk): Promise<void> {
  await harness.sql(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
}
