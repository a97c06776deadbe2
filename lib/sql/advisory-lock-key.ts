const FNV_OFFSET_BASIS = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a-64 of the UTF-8 bytes as a signed 64-bit integer, the form an advisory lock takes. */
export function advisoryLockKey(text: string): bigint {
  let hash = FNV_OFFSET_BASIS;
  for (const byte of Buffer.from(text, 'utf8')) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  }
  return BigInt.asIntN(64, hash);
}

/** The key that celeris locks, so that Go and Nest boots on one table exclude each other. */
export function schemaInitLockKey(table: string): bigint {
  return advisoryLockKey(`postgresstore:ensureSchema:${table}`);
}

export function sweepLockKey(schema: string, table: string): bigint {
  return advisoryLockKey(`nestjs-postgres-session:sweep:${schema}.${table}`);
}
