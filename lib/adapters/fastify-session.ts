import type { FastifySessionObject } from '@fastify/session';
import type { Session } from 'fastify';
import type { KeyValueStore } from '../interfaces/key-value-store.interface.js';
import { answer, type Callback } from './callbacks.js';
import type { StoredSessionOptions } from './session-options.js';
import { StoredSessions } from './stored-sessions.js';

export type { FormerStore } from './former-sessions.js';
export type { SessionSerializer } from './session-options.js';

/** The options of {@link FastifySessionStore}. All times are milliseconds. */
export type FastifySessionStoreOptions = StoredSessionOptions<Session>;

/**
 * Marks what was loaded or stored. The middleware copies what `get` answers into an object of its own, property by
 * property, symbols as values included; those it leaves out when it compares or stringifies, as JSON does.
 */
const MARK = '~stored';

/**
 * Keeps the sessions of @fastify/session in a store of this package.
 *
 * @example
 * await app.register(fastifyCookie);
 * await app.register(fastifySession, {
 *   secret,
 *   store: new FastifySessionStore(app.get(PostgresSessionStore), { touchAfter: 60_000 }),
 * });
 *
 * - A session that was not changed has its expiry moved, and its value is not written again.
 * - An outage is an error of the request: nobody looks signed out.
 * - A session that was ended is not written again by a request that had loaded it before.
 *
 * @publicApi
 */
export class FastifySessionStore {
  readonly #sessions: StoredSessions<Session>;
  /** When the sessions with these marks end. */
  readonly #endings = new WeakMap<symbol, number | undefined>();

  /** @throws TypeError or RangeError, if an option or the store is not what it must be. */
  constructor(store: KeyValueStore, options: FastifySessionStoreOptions = {}) {
    this.#sessions = new StoredSessions('FastifySessionStore', store, options);
  }

  /** The session, or `null`. `cookie.expires` is when it ends by the clock of the database. */
  get(sessionId: string, callback?: Callback<Session | null>): Promise<Session | null> {
    return answer(async () => {
      const loaded = await this.#sessions.load(sessionId);
      if (loaded === undefined) {
        return null;
      }
      Reflect.set(loaded.session, MARK, this.#newMark(loaded.endsAt));
      return loaded.session;
    }, callback);
  }

  /** The middleware has no touch: it sets every session at the end of every response. */
  set(sessionId: string, session: Session, callback?: Callback): Promise<void> {
    return answer(() => {
      const mark: unknown = Reflect.get(session, MARK);
      if (typeof mark !== 'symbol' || !this.#endings.has(mark)) {
        return this.#insert(sessionId, session);
      }
      // A serializer of the application might stumble over it.
      Object.defineProperty(session, MARK, { enumerable: false });
      return isModified(session)
        ? this.#sessions.save(sessionId, session, true)
        : this.#sessions.touch(sessionId, session, this.#endings.get(mark));
    }, callback);
  }

  destroy(sessionId: string, callback?: Callback): Promise<void> {
    return answer(() => this.#sessions.destroy(sessionId), callback);
  }

  async #insert(sessionId: string, session: Session): Promise<void> {
    if (typeof Reflect.get(session, 'isModified') === 'function') {
      const value = this.#newMark(undefined);
      Object.defineProperty(session, MARK, { value, configurable: true, writable: true });
    }
    try {
      await this.#sessions.save(sessionId, session, false);
    } catch (error) {
      Reflect.deleteProperty(session, MARK);
      throw error;
    }
  }

  #newMark(endsAt: number | undefined): symbol {
    const mark = Symbol('stored');
    this.#endings.set(mark, endsAt);
    return mark;
  }
}

/** A plain object is no request's session, so nobody knows. */
function isModified(session: Session & Partial<Pick<FastifySessionObject, 'isModified'>>): boolean {
  return session.isModified?.() ?? true;
}
