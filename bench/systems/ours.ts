import { TTL, sessionBytes, sessionObject, type SessionObject } from '../dataset.js';
import type { Server } from '../servers/server.js';
import type { NestStore } from './nest-store.js';
import type { System } from './system.js';

/** Bytes as they are. */
export function ours(name: string, server: Server, { store, close }: NestStore): System {
  const options = { ttl: TTL };
  return {
    name,
    serverPid: server.pid,
    get: (key) => store.get(key),
    set: (key, n, v) => store.set(key, sessionBytes(n, v), options),
    touch: (key) => store.touch(key, TTL),
    close,
  };
}

/** The same store with JSON on top, for a comparison with stores that hand out objects. */
export function oursParsed(name: string, server: Server, { store, close }: NestStore): System {
  const options = { ttl: TTL };
  return {
    name,
    serverPid: server.pid,
    get: (key) =>
      store.get(key).then((bytes) => bytes && (JSON.parse(bytes.toString()) as SessionObject)),
    set: (key, n, v) => store.set(key, JSON.stringify(sessionObject(n, v)), options),
    touch: (key) => store.touch(key, TTL),
    close,
  };
}
