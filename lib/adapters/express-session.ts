// oxlint-disable typescript/no-misused-promises -- the promises are for callers without a callback, and their rejections count as handled
import session, { type SessionData } from 'express-session';
import type { KeyValueStore } from '../interfaces/key-value-store.interface.js';
import { answer, type Callback } from './callbacks.js';
import type { StoredSessionOptions } from './session-options.js';
import { StoredSessions } from './stored-sessions.js';

export type { FormerStore } from './former-sessions.js';
export type { SessionSerializer } from './session-options.js';

/** The options of {@link ExpressSessionStore}. All times are milliseconds. */
export type ExpressSessionStoreOptions = StoredSessionOptions<SessionData>;

/**
 * Keeps the sessions of express-session in a store of this package.
 *
 * @example
 * app.use(
 *   session({
 *     store: new ExpressSessionStore(app.get(PostgresSessionStore)),
 *     secret,
 *     resave: false,
 *     saveUninitialized: false,
 *   }),
 * );
 *
 * - It may be made before the application has started.
 * - An outage is an error of `get`, which fails the request: nobody looks signed out.
 * - A session that was ended is not written again by a request that had loaded it before.
 *
 * @publicApi
 */
export class ExpressSessionStore extends session.Store {
  readonly #sessions: StoredSessions<SessionData>;
  /** When the sessions that `get` answered end. */
  readonly #endings = new WeakMap<object, number | undefined>();
  /** The sessions of requests that are in the store, or were, and when they end. */
  readonly #stored = new WeakMap<object, number | undefined>();

  /** @throws TypeError or RangeError, if an option or the store is not what it must be. */
  constructor(store: KeyValueStore, options: ExpressSessionStoreOptions = {}) {
    super();
    this.#sessions = new StoredSessions('ExpressSessionStore', store, options);
  }

  /** The session, or `null`. `cookie.expires` is when it ends by the clock of the database. */
  override get(sid: string, callback?: Callback<SessionData | null>): Promise<SessionData | null> {
    return answer(async () => {
      const loaded = await this.#sessions.load(sid);
      if (loaded === undefined) {
        return null;
      }
      this.#endings.set(loaded.session, loaded.endsAt);
      return loaded.session;
    }, callback);
  }

  override createSession(
    request: Parameters<session.Store['createSession']>[0],
    loaded: SessionData,
  ): session.Session & SessionData {
    const endsAt = this.#endings.get(loaded);
    const created = super.createSession(request, loaded);
    this.#stored.set(created, endsAt);
    return created;
  }

  override set(sid: string, data: SessionData, callback?: Callback): Promise<void> {
    return answer(async () => {
      const isStored = this.#stored.has(data);
      if (!isStored && isOfRequest(data)) {
        this.#stored.set(data, undefined);
      }
      try {
        await this.#sessions.save(sid, data, isStored);
      } catch (error) {
        if (!isStored) {
          this.#stored.delete(data);
        }
        throw error;
      }
    }, callback);
  }

  /** Moves the expiry of a session that was not changed. */
  override touch(sid: string, data: SessionData, callback?: Callback): Promise<void> {
    return answer(() => this.#sessions.touch(sid, data, this.#stored.get(data)), callback);
  }

  override destroy(sid: string, callback?: Callback): Promise<void> {
    return answer(() => this.#sessions.destroy(sid), callback);
  }

  /** Deletes all sessions under `prefix`, and nothing else of the table. */
  override clear(callback?: Callback): Promise<void> {
    return answer(() => this.#sessions.clear(), callback);
  }

  override length(callback?: Callback<number>): Promise<number> {
    return answer(() => this.#sessions.count(), callback);
  }

  ids(callback?: Callback<string[]>): Promise<string[]> {
    return answer(() => this.#sessions.ids(), callback);
  }

  /** All sessions, each with its `id`. */
  override all(
    callback?: Callback<Array<SessionData & { id: string }>>,
  ): Promise<Array<SessionData & { id: string }>> {
    return answer(() => this.#sessions.all(), callback);
  }
}

/** Passport's user of a session, or the `id` of that user, as the owner of the session. */
export function passportOwner(
  data: SessionData & { passport?: { user?: unknown } },
): string | undefined {
  const user = data.passport?.user;
  const id: unknown = typeof user === 'object' && user !== null ? Reflect.get(user, 'id') : user;
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint'
    ? String(id) || undefined
    : undefined;
}

/** A plain object is nobody's request's: whoever stores one means it. */
function isOfRequest(data: SessionData): boolean {
  return data instanceof session.Session;
}
