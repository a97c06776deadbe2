import type { Store } from 'express-session';
import { sessionObject, type SessionObject } from '../dataset.js';
import type { Server } from '../servers/server.js';
import type { System } from './system.js';

/** A store of express-session, which speaks callbacks and session objects. */
export function expressStore(
  name: string,
  server: Server,
  store: Store,
  close: () => Promise<unknown>,
): System {
  return {
    name,
    serverPid: server.pid,
    get: (key) =>
      new Promise((resolve, reject) => {
        store.get(key, (error: Error | null, found) =>
          error ? reject(error) : resolve(found as SessionObject | null | undefined),
        );
      }),
    set: (key, n, v) =>
      new Promise<void>((resolve, reject) => {
        store.set(key, sessionObject(n, v), (error?: Error) => (error ? reject(error) : resolve()));
      }),
    touch: (key, n) =>
      new Promise<void>((resolve, reject) => {
        if (!store.touch) throw new Error(`${name} has no touch`);
        // Both stores pass an error, which the type leaves out.
        const done = (error?: Error): void => (error ? reject(error) : resolve());
        store.touch(key, sessionObject(n), done);
      }),
    close,
  };
}
