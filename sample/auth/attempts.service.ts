import { Injectable } from '@nestjs/common';
import { PostgresSessionStore, type KeyValueStore } from 'nestjs-postgres-session';
import { createHash } from 'node:crypto';

const WINDOW = 15 * 60_000;
const MAX_PER_NAME = 10;
const MAX_PER_ADDRESS = 100;

/** Counts tries to sign in or up, for all replicas alike; the counters vanish by their ttl. */
@Injectable()
export class AttemptsService {
  private readonly names: KeyValueStore;
  private readonly addresses: KeyValueStore;

  constructor(store: PostgresSessionStore) {
    this.names = store.namespace('sample:attempts:name:');
    this.addresses = store.namespace('sample:attempts:address:');
  }

  /** Seconds after which a refused caller may try again. */
  readonly retryAfter = WINDOW / 1_000;

  /** Counts before the password is looked at, so that no burst slips through. */
  async allow(address: string, name: string): Promise<boolean> {
    const [byAddress, byName] = await Promise.all([
      this.addresses.increment(keyOf(address), { ttl: WINDOW }),
      this.names.increment(keyOf(name), { ttl: WINDOW }),
    ]);
    return byAddress <= MAX_PER_ADDRESS && byName <= MAX_PER_NAME;
  }

  /** Who got in starts afresh. */
  async forget(name: string): Promise<void> {
    await this.names.delete(keyOf(name));
  }
}

/** What people type has any length and may be a password in the wrong field. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
