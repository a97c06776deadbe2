import { describe, expect, it } from '@jest/globals';
import connectPgSimple from 'connect-pg-simple';
import session, { type SessionData } from 'express-session';
import { ExpressSessionStore } from '../../lib/adapters/express-session.js';
import type { PostgresSessionStore } from '../../lib/index.js';
import { Harness } from '../support/harness.js';

const harness = Harness.use();
const HOUR = 3_600_000;

interface Move {
  store: PostgresSessionStore;
  former: session.Store;
  sessions: ExpressSessionStore;
  /** Rows that the former store still has. */
  left: () => Promise<number>;
}

async function startMove(): Promise<Move> {
  const formerTable = harness.table();
  await harness.sql(
    `CREATE TABLE ${formerTable} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
  );
  const PgStore = connectPgSimple(session);
  const former = new PgStore({
    pool: harness.pool({ max: 4 }),
    tableName: formerTable,
    schemaName: harness.schema,
    pruneSessionInterval: false,
  });
  const { store } = await harness.startStore({ tableName: harness.table() });
  const sessions = new ExpressSessionStore(store, {
    fallback: former,
    ownerOf: ({ account }) => account,
  });
  const left = async (): Promise<number> => {
    return (await harness.sql(`SELECT FROM ${formerTable}`)).length;
  };
  return { store, former, sessions, left };
}

function signedIn(account: string, maxAge: number): SessionData {
  const cookie = new session.Cookie();
  cookie.maxAge = maxAge;
  cookie.originalMaxAge = maxAge;
  return { cookie, account };
}

function setIn(store: session.Store, sid: string, data: SessionData): Promise<void> {
  return new Promise((resolve, reject) => {
    store.set(sid, data, (error?: Error | null) => (error ? reject(error) : resolve()));
  });
}

describe('Sessions of connect-pg-simple, taken over by `fallback`', () => {
  it('500 signed-in users stay signed in under 64 parallel requests, and the old store is empty in the end', async () => {
    const { store, former, sessions, left } = await startMove();
    const users = Array.from({ length: 500 }, (_, n) => `user-${n}`);
    await Promise.all(users.map((user) => setIn(former, user, signedIn(user, HOUR))));
    expect(await left()).toBe(500);
    const requests = users.flatMap((user) => [user, user, user]);
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        for (let sid = requests.pop(); sid !== undefined; sid = requests.pop()) {
          expect((await sessions.get(sid))?.account).toBe(sid);
        }
      }),
    );
    expect(await left()).toBe(0);
    expect(await sessions.length()).toBe(500);
    const entry = await store.getEntry('sess:user-7');
    expect(entry?.owner).toBe('user-7');
    expect(Number(entry?.expiresIn)).toBeGreaterThan(HOUR - 60_000);
  });

  it('a sign-out during the move is final', async () => {
    const { former, sessions, left } = await startMove();
    for (let round = 0; round < 50; round++) {
      const sid = `sid-${round}`;
      await setIn(former, sid, signedIn('ada', HOUR));
      const reads = [sessions.get(sid), sessions.get(sid)];
      if (round % 2) await Promise.race(reads);
      await Promise.all([sessions.destroy(sid), ...reads]);
      expect(await sessions.get(sid)).toBeNull();
    }
    expect(await left()).toBe(0);
    expect(await sessions.length()).toBe(0);
  });

  it('a session that is ended between its reading and its writing does not come back', async () => {
    const { former, sessions, store } = await startMove();
    await setIn(former, 'sid', signedIn('ada', HOUR));
    const get = former.get.bind(former);
    let reads = 0;
    former.get = (sid, callback) => {
      get(sid, (error: unknown, data) => {
        reads += 1;
        if (reads > 1) callback(error, data);
        else void sessions.destroy(sid, () => callback(error, data));
      });
    };
    expect(await sessions.get('sid')).toBeNull();
    expect(await store.get('sess:sid')).toBeUndefined();
  });

  it('lives as long as originalMaxAge says if the expiry in its cookie is stale', async () => {
    const { former, sessions, store } = await startMove();
    const data = signedIn('ada', HOUR);
    data.cookie.expires = new Date(Date.now() - 1_000);
    data.cookie.originalMaxAge = 2 * HOUR;
    // As a store keeps it whose touch moves the row's expiry alone.
    former.get = (_, callback) => callback(null, data);
    former.destroy = (_, callback) => callback?.();
    expect((await sessions.get('sid'))?.account).toBe('ada');
    const entry = await store.getEntry('sess:sid');
    expect(Math.abs(Number(entry?.expiresIn) - 2 * HOUR)).toBeLessThan(60_000);
  });

  it('a fault of the old store is an error, not a sign-out', async () => {
    const { former, sessions } = await startMove();
    former.get = (_, callback) => callback(new Error('the old store is down'));
    await expect(sessions.get('sid')).rejects.toThrow('the old store is down');
    former.destroy = (_, callback) => callback?.(new Error('the old store is down'));
    await expect(sessions.destroy('sid')).rejects.toThrow('the old store is down');
  });

  it('set and touch are for the new store only', async () => {
    const { sessions, left } = await startMove();
    await sessions.set('sid', signedIn('ada', HOUR));
    await sessions.touch('sid', signedIn('ada', HOUR));
    expect(await left()).toBe(0);
    expect((await sessions.get('sid'))?.account).toBe('ada');
  });
});
