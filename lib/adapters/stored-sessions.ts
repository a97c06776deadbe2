import { Logger } from '@nestjs/common';
import type { KeyValueStore } from '../interfaces/key-value-store.interface.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { FormerSessions } from './former-sessions.js';
import { checkStore } from './given.js';
import { SessionCodec, type LoadedSession } from './session-codec.js';
import { SessionLifetime } from './session-lifetime.js';
import {
  checkSessionOptions,
  DEFAULT_PREFIX,
  type StoredSession,
  type StoredSessionOptions,
} from './session-options.js';

/** A ttl below this is taken for one in seconds. */
const LEAST_USUAL_TTL_MS = 60_000;

/** Sessions of a middleware as entries of a store: what is the same for every middleware. */
export class StoredSessions<S extends StoredSession> {
  private readonly prefix: string;
  private readonly codec: SessionCodec<S>;
  private readonly lifetime: SessionLifetime<S>;
  private readonly former: FormerSessions<S> | undefined;

  constructor(
    adapter: string,
    private readonly store: KeyValueStore,
    private readonly options: StoredSessionOptions<S>,
  ) {
    checkStore(adapter, store);
    checkSessionOptions(adapter, options);
    const { prefix = DEFAULT_PREFIX, ttl, serializer, fallback } = options;
    this.prefix = prefix;
    this.codec = new SessionCodec(serializer);
    this.lifetime = new SessionLifetime(ttl);
    if (fallback !== undefined) {
      this.former = new FormerSessions(fallback, {
        read: (sid) => this.read(sid),
        insert: (sid, session) => this.insert(sid, session),
        remove: (sid) => this.store.delete(this.keyOf(sid)),
      });
    }
    if (typeof ttl === 'number' && ttl < LEAST_USUAL_TTL_MS) {
      new Logger('PostgresSession').warn(
        `The ttl of ${adapter} is ${ttl} milliseconds. If seconds were meant, multiply by 1,000.`,
      );
    }
  }

  async load(sid: string): Promise<LoadedSession<S> | undefined> {
    return (await this.read(sid)) ?? this.former?.takeOver(sid);
  }

  /** @param isStored whether it was loaded or saved before: then it is not written if it was ended meanwhile. */
  async save(sid: string, session: S, isStored: boolean): Promise<void> {
    const key = this.keyOf(sid);
    const ttl = this.lifetime.of(session);
    if (ttl <= 0) {
      await this.store.delete(key);
      return;
    }
    const options = { ttl, owner: this.options.ownerOf?.(session) };
    const wasWritten = await this.codec.write(sid, session, async (value) => {
      if (isStored) {
        return this.store.setIfPresent(key, value, options);
      }
      await this.store.set(key, value, options);
      return true;
    });
    if (!wasWritten && this.options.ended === 'error') {
      throw new PostgresSessionError('ERR_SESSION_ENDED', 'The session was ended meanwhile.');
    }
  }

  /** Moves the expiry alone. A session that is gone is no error. */
  async touch(sid: string, session: S, endsAt: number | undefined): Promise<void> {
    const { disableTouch = false, touchAfter = 0 } = this.options;
    const ttl = this.lifetime.of(session);
    if (ttl <= 0) {
      await this.store.delete(this.keyOf(sid));
    } else if (!disableTouch && !isWithin(touchAfter, ttl, endsAt)) {
      await this.store.touch(this.keyOf(sid), ttl);
    }
  }

  /** Here last: a session that is taken over at the same time must not come back. */
  async destroy(sid: string): Promise<void> {
    const key = this.keyOf(sid);
    const writing = this.codec.writing(sid);
    if (writing !== undefined) {
      await Promise.allSettled([writing]);
    }
    try {
      if (this.former !== undefined) {
        await this.former.destroy(sid);
      }
    } finally {
      await this.store.delete(key);
    }
  }

  clear(): Promise<void> {
    return this.store.deletePrefix(this.prefix);
  }

  count(): Promise<number> {
    return this.store.count({ prefix: this.prefix });
  }

  async ids(): Promise<string[]> {
    const ids: string[] = [];
    for await (const key of this.store.scan(this.prefix)) {
      ids.push(key.slice(this.prefix.length));
    }
    return ids;
  }

  /** Those that can be parsed, each with its `id`. */
  async all(): Promise<Array<S & { id: string }>> {
    const sessions: Array<S & { id: string }> = [];
    for await (const [key, entry] of this.store.scanEntries({ prefix: this.prefix })) {
      const id = key.slice(this.prefix.length);
      const loaded = await this.codec.parse(id, entry);
      if (loaded !== undefined) {
        sessions.push(Object.assign(loaded.session, { id }));
      }
    }
    return sessions;
  }

  private keyOf(sid: string): string {
    if (typeof sid !== 'string' || sid === '') {
      throw new TypeError('the id of a session must be a string that is not empty');
    }
    return this.prefix + sid;
  }

  private async read(sid: string): Promise<LoadedSession<S> | undefined> {
    const entry = await this.store.getEntry(this.keyOf(sid));
    return entry && this.codec.parse(sid, entry);
  }

  private async insert(sid: string, session: S): Promise<boolean> {
    const options = { ttl: this.lifetime.leftOf(session), owner: this.options.ownerOf?.(session) };
    return this.codec.write(sid, session, (value) => {
      return this.store.setIfAbsent(this.keyOf(sid), value, options);
    });
  }
}

/** Whether a touch would move the expiry by less than that. */
function isWithin(touchAfter: number, ttl: number, endsAt: number | undefined): boolean {
  return endsAt !== undefined && Math.abs(performance.now() + ttl - endsAt) < touchAfter;
}
