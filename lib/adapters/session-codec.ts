import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { SessionEntry } from '../interfaces/key-value-store.interface.js';
import type { SessionSerializer, StoredSession } from './session-options.js';

/** A session as it was read, and when it ends by `performance.now()`; `undefined` for never. */
export interface LoadedSession<S> {
  readonly session: S;
  readonly endsAt: number | undefined;
}

/** So many ids of sessions that cannot be read are remembered, so that each is logged once. */
const MOST_UNREADABLE = 1_000;

/** Makes sessions into values and back. */
export class SessionCodec<S extends StoredSession> {
  private readonly logger = new Logger('PostgresSession');
  private readonly unreadable = new Set<string>();
  /** Saves that wait for the serializer, by the session's id. */
  private readonly waiting = new Map<string, Promise<unknown>>();

  constructor(private readonly serializer: SessionSerializer<S> = JSON) {}

  /** `undefined` if it cannot be parsed. The expiry in its cookie is the entry's: a touch does not rewrite the value. */
  async parse(sid: string, entry: SessionEntry): Promise<LoadedSession<S> | undefined> {
    const { value, expiresIn } = entry;
    const endsAt = expiresIn === undefined ? undefined : performance.now() + expiresIn;
    let session: S;
    try {
      const parsed = await this.serializer.parse(value.toString());
      if (typeof parsed !== 'object' || parsed === null) {
        throw new TypeError('not an object');
      }
      session = parsed as S;
    } catch {
      this.reportUnreadable(sid);
      return undefined;
    }
    const { cookie } = session;
    if (cookie && expiresIn !== undefined && (cookie.expires || cookie.originalMaxAge)) {
      cookie.expires = new Date(Date.now() + expiresIn);
    }
    return { session, endsAt };
  }

  /** Writes at once unless the serializer is asynchronous, so that what is called afterwards goes afterwards. */
  write(
    sid: string,
    session: S,
    write: (value: string | Uint8Array) => Promise<boolean>,
  ): Promise<boolean> {
    const value = this.serializer.stringify(session);
    const earlier = this.waiting.get(sid);
    if (!isPromise(value) && earlier === undefined) {
      return write(value);
    }
    const written = this.inTurn(earlier, value, write);
    this.waiting.set(sid, written);
    void this.forget(sid, written);
    return written;
  }

  /** The saves of a session that wait for the serializer, if there are any. */
  writing(sid: string): Promise<unknown> | undefined {
    return this.waiting.get(sid);
  }

  /** A save that failed holds up nobody. */
  private async inTurn(
    earlier: Promise<unknown> | undefined,
    value: string | Uint8Array | Promise<string | Uint8Array>,
    write: (value: string | Uint8Array) => Promise<boolean>,
  ): Promise<boolean> {
    const [made] = await Promise.allSettled([value, earlier]);
    if (made.status === 'rejected') {
      throw made.reason;
    }
    return write(made.value);
  }

  private async forget(sid: string, written: Promise<unknown>): Promise<void> {
    await Promise.allSettled([written]);
    if (this.waiting.get(sid) === written) {
      this.waiting.delete(sid);
    }
  }

  /** A wrong serializer in one deployment must not delete sessions, so they are left where they are. */
  private reportUnreadable(sid: string): void {
    const hash = createHash('sha256').update(sid).digest('hex').slice(0, 12);
    if (!this.unreadable.has(hash) && this.unreadable.size < MOST_UNREADABLE) {
      this.unreadable.add(hash);
      this.logger.warn(
        `A session cannot be parsed and counts as absent (the SHA-256 of its id begins with ${hash}).`,
      );
    }
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
