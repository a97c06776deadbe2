import { RedisStore } from 'connect-redis';
import { Redis } from 'ioredis';
import { RESP_TYPES, createClient } from 'redis';
import { TTL, sessionBytes } from '../dataset.js';
import type { Server } from '../servers/server.js';
import { expressStore } from './express-store.js';
import type { System } from './system.js';

const SECONDS = TTL / 1000;

export async function connectRedis(server: Server, name: string): Promise<System> {
  const client = await createClient({ url: server.url }).connect();
  const store = new RedisStore({ client, prefix: '', ttl: SECONDS });
  return expressStore(name, server, store, () => client.close());
}

/** Bytes as they are, one command a call. */
export async function nodeRedis(server: Server, name: string): Promise<System> {
  const client = await createClient({ url: server.url }).connect();
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const expiry = { expiration: { type: 'EX', value: SECONDS } } as const;
  return {
    name,
    serverPid: server.pid,
    get: (key) => bytes.get(key),
    set: (key, n, v) => bytes.set(key, sessionBytes(n, v), expiry),
    touch: (key) => bytes.expire(key, SECONDS),
    close: () => client.close(),
  };
}

/** Bytes as they are; calls of one tick travel together. */
export function ioredis(server: Server, name: string): System {
  const client = new Redis(server.url, { enableAutoPipelining: true });
  return {
    name,
    serverPid: server.pid,
    get: (key) => client.getBuffer(key),
    set: (key, n, v) => client.set(key, sessionBytes(n, v), 'EX', SECONDS),
    touch: (key) => client.expire(key, SECONDS),
    close: () => client.quit(),
  };
}
