import { OWNER_COLUMN } from './table-layout.js';

/** A ttl in milliseconds as an expiry; null stays null, which is no expiry. */
export function expiry(ttl: string): string {
  return `now() + ${ttl} * interval '1 millisecond'`;
}

/** The columns of an entry, in the order of its parameters. */
export function columnsOf(hasOwner: boolean): string {
  return hasOwner ? `id, value, expires_at, ${OWNER_COLUMN}` : 'id, value, expires_at';
}

/** The columns' values, from the parameters that begin with `$first`: key, value, ttl, owner. */
export function valuesOf(hasOwner: boolean, first: number): string {
  const owner = hasOwner ? `, $${first + 3}::text` : '';
  return `$${first}, $${first + 1}::bytea, ${expiry(`$${first + 2}::float8`)}${owner}`;
}

/** Replaces an entry whole. */
export function replaceEntry(hasOwner: boolean): string {
  const owner = hasOwner ? `, ${OWNER_COLUMN} = excluded.${OWNER_COLUMN}` : '';
  return `ON CONFLICT (id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at${owner}`;
}

/** Replaces all but the owner, which stays unless one is given. */
export function overwrite(
  hasOwner: boolean,
  value: string,
  expiresAt: string,
  owner: string,
): string {
  const kept = hasOwner ? `, ${OWNER_COLUMN} = coalesce(${owner}, t.${OWNER_COLUMN})` : '';
  return `value = ${value}, expires_at = ${expiresAt}${kept}`;
}
