import { KeyvPostgres } from '@keyv/postgres';
import { Keyv } from 'keyv';
import { TTL, sessionObject, type SessionObject } from '../dataset.js';
import type { Server } from '../servers/server.js';
import type { System } from './system.js';

/** Keyv has no touch: a new expiry is a new write of the session. */
export async function keyvPostgres(name: string, server: Server, table: string): Promise<System> {
  const keyv = new Keyv<SessionObject>({
    store: new KeyvPostgres({ uri: server.url, table, max: 10 }),
    ttl: TTL,
  });
  // It makes its table in the background; the first answer says that it is there.
  await keyv.get('first');
  return {
    name,
    serverPid: server.pid,
    get: (key) => keyv.get(key),
    set: (key, n, v) => keyv.set(key, sessionObject(n, v)),
    touch: (key, n) => keyv.set(key, sessionObject(n)),
    close: () => keyv.disconnect(),
  };
}
