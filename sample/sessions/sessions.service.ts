import { Injectable } from '@nestjs/common';
import { PostgresSessionStore, type KeyValueStore } from 'nestjs-postgres-session';
import { createHash, randomBytes } from 'node:crypto';
import { TOUCH_INTERVAL, ttlOf, type Session, type SessionRecord, type User } from './session.js';

/** A SHA-256 in hex. */
const KEY = /^[0-9a-f]{64}$/;

export interface StartedSession {
  /** For the browser's cookie only: it is kept nowhere else. */
  id: string;
  ttl: number;
}

export interface ResumedSession {
  session: Session;
  /** The new ttl, when the expiry was moved. */
  rolledTo?: number;
}

/**
 * Two entries make a session, both of its user's: the record, and when it was last seen. The second
 * changes by the minute, so the first is never rewritten.
 */
@Injectable()
export class SessionsService {
  private readonly records: KeyValueStore;
  private readonly seen: KeyValueStore;

  constructor(store: PostgresSessionStore) {
    this.records = store.namespace('sample:session:');
    this.seen = store.namespace('sample:seen:');
  }

  async start(user: User, device: string): Promise<StartedSession> {
    const id = randomBytes(32).toString('base64url');
    const record: SessionRecord = { user, device, since: Date.now() };
    const ttl = ttlOf(record);
    await this.records.set(keyOf(id), JSON.stringify(record), { ttl, owner: user.id });
    return { id, ttl };
  }

  /** The session of an id, its expiry moved; undefined where it has ended. */
  async resume(id: string): Promise<ResumedSession | undefined> {
    const key = keyOf(id);
    const [record, seen] = await Promise.all([this.records.get(key), this.seen.get(key)]);
    if (!record) return undefined;
    const session = toSession(key, record, seen);
    if (ttlOf(session) <= 0) {
      await this.end(key);
      return undefined;
    }
    if (Date.now() - session.lastSeen < TOUCH_INTERVAL) return { session };
    return this.roll(session);
  }

  /** The sessions of a user, the one seen last first. */
  async listOf(user: User): Promise<Session[]> {
    const keys: string[] = [];
    for await (const key of this.records.scanOwner(user.id)) keys.push(key);
    const [records, seen] = await Promise.all([
      this.records.getMany(keys),
      this.seen.getMany(keys),
    ]);
    return [...records]
      .map(([key, record]) => toSession(key, record, seen.get(key)))
      .sort((a, b) => b.lastSeen - a.lastSeen);
  }

  /** Ends the session of an id, whoever's it is: who has the id may sign it out. */
  async endById(id: string): Promise<void> {
    await this.end(keyOf(id));
  }

  /** False where the user has no such session. */
  async endOf(user: User, key: string): Promise<boolean> {
    const record = KEY.test(key) ? await this.records.get(key) : undefined;
    if (!record || parse(record).user.id !== user.id) return false;
    return this.end(key);
  }

  /** The number of sessions ended. */
  async endOthers({ user, key }: Session): Promise<number> {
    const [ended] = await Promise.all([
      this.records.deleteOwner(user.id, { except: [key] }),
      this.seen.deleteOwner(user.id, { except: [key] }),
    ]);
    return ended;
  }

  private async end(key: string): Promise<boolean> {
    const [ended] = await Promise.all([this.records.delete(key), this.seen.delete(key)]);
    return ended;
  }

  /** `touch` makes no entry, so a session that was ended meanwhile stays ended. */
  private async roll(session: Session): Promise<ResumedSession | undefined> {
    const { key, user } = session;
    const ttl = ttlOf(session);
    if (!(await this.records.touch(key, ttl))) return undefined;
    const lastSeen = Date.now();
    await this.seen.set(key, String(lastSeen), { ttl, owner: user.id });
    return { session: { ...session, lastSeen }, rolledTo: ttl };
  }
}

/** A read of the table signs nobody in: it has the hash, the cookie needs the id. */
function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function parse(record: Buffer): SessionRecord {
  return JSON.parse(record.toString()) as SessionRecord;
}

function toSession(key: string, value: Buffer, seen?: Buffer): Session {
  const record = parse(value);
  return { ...record, key, lastSeen: seen ? Number(seen.toString()) : record.since };
}
