import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import session, { type SessionData } from 'express-session';
import {
  ExpressSessionStore,
  type ExpressSessionStoreOptions,
  passportOwner,
} from '../../lib/adapters/express-session.js';
import { messageOf } from '../../lib/utils/errors.js';
import { Harness } from '../support/harness.js';
import { LogCapture } from '../support/log.js';
import {
  called,
  startExpressSite,
  type Handler,
  type Site,
  type SiteOptions,
} from './support/express-site.js';

const harness = Harness.use();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A session as the middleware hands it to a store that it does not know. */
function plain(data: Partial<SessionData> = {}, maxAge: number | null = HOUR): SessionData {
  const cookie = new session.Cookie();
  cookie.maxAge = maxAge as number;
  cookie.originalMaxAge = maxAge;
  return { cookie, ...data };
}

interface Subject {
  sessions: ExpressSessionStore;
  tableName: string;
  /** Milliseconds that the rows have left, by the clock of the database. */
  left: () => Promise<Array<number | null>>;
}

async function subject(options?: ExpressSessionStoreOptions): Promise<Subject> {
  const tableName = harness.table();
  const { store } = await harness.startStore({ tableName });
  const left = async (): Promise<Array<number | null>> => {
    const rows = await harness.sql<{ ms: number | null }>(
      `SELECT extract(epoch FROM expires_at - now())::float8 * 1000 AS ms FROM ${tableName} ORDER BY id`,
    );
    return rows.map(({ ms }) => ms);
  };
  return { sessions: new ExpressSessionStore(store, options), tableName, left };
}

/** A site whose store counts the calls of the middleware. */
async function countingSite(
  handlers: Record<string, Handler>,
  options: Partial<SiteOptions> = {},
): Promise<Site & { calls: Record<'set' | 'touch' | 'destroy', number>; tableName: string }> {
  const tableName = harness.table();
  const site = await startExpressSite(harness, { tableName, handlers, ...options });
  const calls = { set: 0, touch: 0, destroy: 0 };
  for (const name of ['set', 'touch', 'destroy'] as const) {
    const its = site.sessions[name].bind(site.sessions) as (...args: unknown[]) => Promise<void>;
    Object.assign(site.sessions, {
      [name]: (...args: unknown[]) => {
        calls[name] += 1;
        return its(...args);
      },
    });
  }
  return { ...site, calls, tableName };
}

describe('ExpressSessionStore: what is stored', () => {
  it('answers the session that was set, and null for one that is missing or expired', async () => {
    const { sessions, tableName } = await subject();
    await sessions.set('a', plain({ account: 'ada' }));
    expect(await sessions.get('a')).toMatchObject({ account: 'ada' });
    expect(await sessions.get('b')).toBeNull();
    await harness.sql(`UPDATE ${tableName} SET expires_at = now() - interval '1 s'`);
    expect(await sessions.get('a')).toBeNull();
  });

  it('lives a day if its cookie has no expiry', async () => {
    const { sessions, left } = await subject();
    await sessions.set('a', plain({}, null));
    const [ms] = await left();
    expect(ms).toBeGreaterThan(DAY - 60_000);
    expect(ms).toBeLessThanOrEqual(DAY);
    expect((await sessions.get('a'))?.cookie.expires ?? null).toBeNull();
  });

  it('lives as long as its cookie, whether the expiry is a Date or a string', async () => {
    const { sessions, left } = await subject({ ttl: DAY });
    await sessions.set('a', plain({}, HOUR));
    const expires = new Date(Date.now() + 2 * HOUR);
    await sessions.set(
      'b',
      JSON.parse(JSON.stringify({ cookie: { originalMaxAge: HOUR, expires } })) as SessionData,
    );
    const [a, b] = await left();
    expect(Math.abs(Number(a) - HOUR)).toBeLessThan(60_000);
    expect(Math.abs(Number(b) - 2 * HOUR)).toBeLessThan(60_000);
  });

  it('lives as long as a ttl function says, whatever its cookie says', async () => {
    const { sessions, left } = await subject({ ttl: ({ views = 1 }) => views * HOUR });
    await sessions.set('a', plain({ views: 5 }));
    expect(Math.abs(Number((await left())[0]) - 5 * HOUR)).toBeLessThan(60_000);
  });

  it.each(['set', 'touch'] as const)(
    'is deleted by a %s with an expiry in the past',
    async (method) => {
      const { sessions, left } = await subject();
      await sessions.set('a', plain());
      await sessions[method]('a', plain({}, -1));
      expect(await left()).toEqual([]);
    },
  );

  it.each([Number.NaN, 2e14, '1d', undefined])(
    'is refused with a time to live of %p',
    async (ttl) => {
      const { sessions, left } = await subject({ ttl: () => ttl as number });
      const error = await new Promise<unknown>(
        (resolve) => void sessions.set('a', plain(), resolve),
      );
      expect(String(error)).toMatch(/time to live|ttl/);
      expect(await left()).toEqual([]);
    },
  );

  it('answers how long the row has left, not what the value says', async () => {
    const { sessions } = await subject();
    await sessions.set('a', plain({}, HOUR));
    await sessions.touch('a', plain({}, 3 * HOUR));
    const loaded = await sessions.get('a');
    expect(loaded?.cookie.expires).toBeInstanceOf(Date);
    expect(Math.abs(Number(loaded?.cookie.expires) - Date.now() - 3 * HOUR)).toBeLessThan(60_000);
  });

  it('a touch moves the expiry alone, and makes no session', async () => {
    const { sessions, left, tableName } = await subject();
    await sessions.set('a', plain({ account: 'ada' }));
    const [before] = await harness.sql(`SELECT value FROM ${tableName}`);
    await sessions.touch('a', plain({ account: 'eve' }, 3 * HOUR));
    await sessions.touch('b', plain());
    expect(await harness.sql(`SELECT value FROM ${tableName}`)).toEqual([before]);
    expect((await left()).length).toBe(1);
    expect((await left())[0]).toBeGreaterThan(2 * HOUR);
  });

  it('disableTouch leaves the expiry where it is', async () => {
    const { sessions, left } = await subject({ disableTouch: true });
    await sessions.set('a', plain());
    await sessions.touch('a', plain({}, 3 * HOUR));
    expect((await left())[0]).toBeLessThanOrEqual(HOUR);
  });

  it('clear deletes what is under the prefix only; length, ids and all tell of 1,000 sessions', async () => {
    const { store } = await harness.startStore({ tableName: harness.table() });
    const sessions = new ExpressSessionStore(store);
    const others = new ExpressSessionStore(store, { prefix: 'other:' });
    await others.set('x', plain());
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => sessions.set(`id-${n}`, plain({ views: n }))),
    );
    expect(await sessions.length()).toBe(1_000);
    expect(new Set(await sessions.ids()).size).toBe(1_000);
    const all = await sessions.all();
    expect(all.length).toBe(1_000);
    expect(all.every(({ id, views }) => id === `id-${views}`)).toBe(true);
    await sessions.clear();
    expect(await sessions.length()).toBe(0);
    expect(await others.get('x')).not.toBeNull();
  });

  it('belongs to its owner, and keeps it when it is saved by a request that does not know it', async () => {
    const { store } = await harness.startStore({ tableName: harness.table() });
    const sessions = new ExpressSessionStore(store, { ownerOf: ({ account }) => account });
    await sessions.set('a', plain({ account: 'ada' }));
    expect((await store.getEntry('sess:a'))?.owner).toBe('ada');
    expect(await store.deleteOwner('ada')).toBe(1);
  });

  it('comes back equal with 5 MB, `__proto__`, `constructor` and lone surrogates in it', async () => {
    const { sessions } = await subject();
    const text = '{"__proto__":{"a":1},"constructor":"c","lone":"\\ud800"}';
    const odd = JSON.parse(text) as unknown;
    const large = 'x'.repeat(5 * 1_048_576);
    await sessions.set('a', plain({ odd, large }));
    const loaded = await sessions.get('a');
    expect(JSON.stringify(loaded?.odd)).toBe(text);
    expect(loaded?.large === large).toBe(true);
  });

  it('passportOwner is the user, or the id of the user', () => {
    const owner = (user: unknown): unknown => passportOwner({ ...plain(), passport: { user } });
    expect([owner('ada'), owner(7), owner({ id: 7 }), owner({ id: 'ada' })]).toEqual([
      'ada',
      '7',
      '7',
      'ada',
    ]);
    expect([owner(undefined), owner({}), owner(''), passportOwner(plain())]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('ExpressSessionStore: values that cannot be parsed', () => {
  it('count as absent, stay where they are, and are logged once without the id', async () => {
    const log = new LogCapture();
    const { store } = await harness.startStore({ tableName: harness.table() }, log);
    const sessions = new ExpressSessionStore(store);
    await store.set('sess:secret-id', 'not JSON');
    expect(await sessions.get('secret-id')).toBeNull();
    await store.set('sess:number', '7');
    expect(await sessions.get('secret-id')).toBeNull();
    expect(await sessions.get('number')).toBeNull();
    expect(await sessions.all()).toEqual([]);
    expect((await store.get('sess:secret-id'))?.toString()).toBe('not JSON');
    const told = log.lines.filter(({ text }) => text.includes('cannot be parsed'));
    expect(told).toHaveLength(2);
    expect(told.some(({ text }) => text.includes('secret-id'))).toBe(false);
  });

  it('a ttl below a minute is warned about once, with its unit', async () => {
    const log = new LogCapture();
    const { store } = await harness.startStore({ tableName: harness.table() }, log);
    void new ExpressSessionStore(store, { ttl: 86_400 });
    expect(log.lines.filter(({ text }) => text.includes('milliseconds'))).toHaveLength(0);
    void new ExpressSessionStore(store, { ttl: 3_600 });
    const told = log.lines.filter(({ text }) => text.includes('3600 milliseconds'));
    expect(told.map(({ level }) => level)).toEqual(['warn']);
  });
});

describe('ExpressSessionStore: callbacks', () => {
  it.each(['get', 'destroy', 'length', 'ids', 'all', 'clear'] as const)(
    '%s calls back once, in a later tick',
    async (method) => {
      const { sessions } = await subject();
      let calls = 0;
      const args = method === 'get' || method === 'destroy' ? ['a'] : [];
      const once = new Promise<unknown>((resolve) => {
        Reflect.apply(sessions[method], sessions, [
          ...args,
          (error: unknown) => {
            calls += 1;
            resolve(error);
          },
        ]);
      });
      expect(calls).toBe(0);
      expect(await once).toBeNull();
      await delay(1);
      expect(calls).toBe(1);
    },
  );

  it('an error reaches the callback, and a rejection without one ends no process', async () => {
    const { store, close } = await harness.startStore({ tableName: harness.table() });
    const sessions = new ExpressSessionStore(store);
    await close();
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listener);
    void sessions.destroy('a');
    void sessions.set('a', plain());
    const error = await new Promise((resolve) => void sessions.get('a', resolve));
    expect(error).toMatchObject({ code: 'ERR_STORE_CLOSED' });
    await delay(1);
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
    await expect(sessions.get('a')).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' });
  });

  it.each([
    ['that is empty', ''],
    ['of 2,000 bytes', 'x'.repeat(2_000)],
    ['with NUL', 'a\0b'],
    ['that is missing', undefined],
  ])('an id %s is refused', async (_, sid) => {
    const { sessions } = await subject();
    for (const method of ['get', 'destroy'] as const) {
      const error = await new Promise((resolve) => void sessions[method](sid as string, resolve));
      expect(error).toBeInstanceOf(Error);
    }
  });
});

describe('express-session with ExpressSessionStore', () => {
  const views: Handler = (request, response) => {
    request.session.views = (request.session.views ?? 0) + 1;
    response.end(String(request.session.views));
  };
  const look: Handler = (request, response) => response.end(String(request.session.views));

  it('keeps one row a visitor, under the id that is in the cookie', async () => {
    const { tableName, visitor } = await countingSite({ '/views': views });
    const ada = visitor();
    const eve = visitor();
    for (const expected of ['1', '2', '3']) expect((await ada.get('/views')).text).toBe(expected);
    expect((await eve.get('/views')).text).toBe('1');
    const rows = await harness.sql<{ id: string }>(`SELECT id FROM ${tableName}`);
    expect(rows.map(({ id }) => id).toSorted()).toEqual(
      [`sess:${ada.sid}`, `sess:${eve.sid}`].toSorted(),
    );
  });

  it('sets a new or changed session exactly once, and touches one that was not changed', async () => {
    const { calls, visitor } = await countingSite({ '/views': views, '/look': look });
    const ada = visitor();
    await ada.get('/look');
    expect(calls).toEqual({ set: 0, touch: 0, destroy: 0 });
    await ada.get('/views');
    expect(calls).toEqual({ set: 1, touch: 0, destroy: 0 });
    await ada.get('/look');
    expect(calls).toEqual({ set: 1, touch: 1, destroy: 0 });
    await ada.get('/views');
    expect(calls).toEqual({ set: 2, touch: 1, destroy: 0 });
  });

  it.each<[string, Handler]>([
    ['an empty body', (_, response) => response.end()],
    [
      'several writes',
      (_, response) => {
        response.write('a');
        response.write('b');
        response.end('c');
      },
    ],
    [
      'a fixed length',
      (_, response) => {
        response.setHeader('Content-Length', 3);
        response.end('abc');
      },
    ],
  ])(
    'stores the session before the response with %s ends, also if that takes 200 ms',
    async (_, answer) => {
      const site = await countingSite({
        '/views': (request, response) => {
          request.session.views = 1;
          return answer(request, response);
        },
      });
      const set = site.sessions.set.bind(site.sessions);
      site.sessions.set = async (sid, data, callback) => {
        await delay(200);
        return set(sid, data, callback);
      };
      await site.visitor().get('/views');
      expect(await harness.sql(`SELECT FROM ${site.tableName}`)).toHaveLength(1);
    },
  );

  it('gives a new id for one that is not in the store, and for one that expired', async () => {
    const { visitor, sessions, tableName } = await countingSite({ '/views': views });
    const ada = visitor();
    await ada.get('/views');
    const first = ada.sid;
    await harness.sql(`UPDATE ${tableName} SET expires_at = now() - interval '5 ms'`);
    expect((await ada.get('/views')).text).toBe('1');
    expect(ada.sid).not.toBe(first);
    expect((await sessions.all()).map(({ id }) => id)).toEqual([ada.sid]);
    await sessions.clear();
    const second = ada.sid;
    await ada.get('/views');
    expect(ada.sid).not.toBe(second);
  });

  it('rolling moves the expiry by exactly the time that passed; touchAfter leaves it for that long', async () => {
    const expiryOf = async (tableName: string): Promise<number> => {
      const [{ ms }] = await harness.sql<{ ms: number }>(
        `SELECT extract(epoch FROM expires_at)::float8 * 1000 AS ms FROM ${tableName}`,
      );
      return ms;
    };
    const handlers = { '/views': views, '/look': look };
    const options = { rolling: true, cookie: { maxAge: HOUR } };
    const rolling = await countingSite(handlers, { session: options });
    const ada = rolling.visitor();
    await ada.get('/views');
    const before = await expiryOf(rolling.tableName);
    await ada.get('/look');
    expect(await expiryOf(rolling.tableName)).toBeGreaterThan(before);
    const lazy = await countingSite(handlers, {
      session: options,
      adapter: { touchAfter: 60_000 },
    });
    const eve = lazy.visitor();
    await eve.get('/views');
    const set = await expiryOf(lazy.tableName);
    await eve.get('/look');
    expect(await expiryOf(lazy.tableName)).toBe(set);
    await harness.sql(`UPDATE ${lazy.tableName} SET expires_at = expires_at - interval '61 s'`);
    await eve.get('/look');
    expect(await expiryOf(lazy.tableName)).toBeGreaterThan(set);
  });

  it('req.session.cookie.maxAge is the time that the row has left', async () => {
    const { visitor, tableName } = await countingSite(
      {
        '/views': views,
        '/left': (request, response) => response.end(String(request.session.cookie.maxAge)),
      },
      { session: { cookie: { maxAge: HOUR } } },
    );
    const ada = visitor();
    await ada.get('/views');
    await harness.sql(`UPDATE ${tableName} SET expires_at = now() + interval '10 min'`);
    const left = Number((await ada.get('/left')).text);
    expect(left).toBeGreaterThan(500_000);
    expect(left).toBeLessThanOrEqual(600_000);
  });

  it('errors of the store reach next, and nobody looks signed out', async () => {
    const site = await countingSite({
      '/views': views,
      '/out': (request) => called((done) => request.session.destroy(done)),
    });
    const ada = site.visitor();
    await ada.get('/views');
    await site.store.close();
    for (const path of ['/views', '/out']) expect((await ada.get(path)).status).toBe(500);
  });

  it('a session without a cookie fails the request', async () => {
    const site = await countingSite({ '/views': views });
    const ada = site.visitor();
    await ada.get('/views');
    await site.store.set(`sess:${ada.sid}`, '{"views":1}');
    expect((await ada.get('/views')).status).toBe(500);
  });

  it("unset: 'destroy' deletes the session that a handler set to null", async () => {
    const site = await countingSite(
      {
        '/views': views,
        '/unset': (request) => {
          Object.assign(request, { session: null });
        },
      },
      { session: { unset: 'destroy' } },
    );
    const ada = site.visitor();
    await ada.get('/views');
    await ada.get('/unset');
    expect(await harness.sql(`SELECT FROM ${site.tableName}`)).toEqual([]);
  });

  it('reload of a missing session says so; one that is reloaded and saved is saved once', async () => {
    const site = await countingSite({
      '/views': views,
      '/reload': async (request) => {
        await called((done) => request.session.reload(done));
        request.session.views = 9;
        await called((done) => request.session.save(done));
      },
      '/lost': async (request, response) => {
        await site.sessions.destroy(request.sessionID);
        await called((done) => request.session.reload(done)).catch((error: unknown) => {
          response.end(messageOf(error));
        });
      },
    });
    const ada = site.visitor();
    await ada.get('/views');
    await ada.get('/reload');
    expect(site.calls.set).toBe(2);
    expect((await site.sessions.get(ada.sid))?.views).toBe(9);
    expect((await ada.get('/lost')).text).toBe('failed to load session');
  });

  it('a new session may be saved twice in its first request, and one with an id of the application too', async () => {
    const site = await countingSite(
      {
        '/twice': async (request) => {
          request.session.views = 1;
          await called((done) => request.session.save(done));
          request.session.views = 2;
          await called((done) => request.session.save(done));
        },
      },
      { session: { genid: () => 'an-id-of-the-application' } },
    );
    await site.visitor().get('/twice');
    expect((await site.sessions.get('an-id-of-the-application'))?.views).toBe(2);
  });

  it('two parallel regenerations give each request a session of its own, and the old one is gone', async () => {
    const site = await countingSite({
      '/views': views,
      '/regenerate': async (request, response) => {
        await called((done) => request.session.regenerate(done));
        request.session.views = 100;
        response.end(request.sessionID);
      },
    });
    const ada = site.visitor();
    await ada.get('/views');
    const old = ada.sid;
    const twins = [ada.twin(), ada.twin()];
    const ids = (await Promise.all(twins.map((twin) => twin.get('/regenerate')))).map(
      ({ text }) => text,
    );
    expect(new Set([old, ...ids]).size).toBe(3);
    expect((await site.sessions.ids()).toSorted()).toEqual(ids.toSorted());
  });

  it("`ended: 'error'` tells a save that the session was ended meanwhile", async () => {
    const site = await countingSite(
      {
        '/views': views,
        '/late': async (request, response) => {
          await site.sessions.destroy(request.sessionID);
          request.session.views = 5;
          await called((done) => request.session.save(done)).catch((error: unknown) => {
            response.end((error as { code?: string }).code);
          });
        },
      },
      { adapter: { ended: 'error' } },
    );
    const ada = site.visitor();
    await ada.get('/views');
    expect((await ada.get('/late')).text).toBe('ERR_SESSION_ENDED');
  });

  it('load answers a session of the middleware', async () => {
    const { sessions } = await subject();
    await sessions.set('a', plain({ account: 'ada' }));
    const loaded = await new Promise<SessionData | undefined>((resolve, reject) => {
      sessions.load('a', (error, its) => (error ? reject(error as Error) : resolve(its)));
    });
    expect(loaded).toBeInstanceOf(session.Session);
    expect(loaded?.account).toBe('ada');
  });
});

describe('An asynchronous serializer', () => {
  const serializer = {
    stringify: async (data: SessionData) => {
      await delay(20);
      return JSON.stringify(data);
    },
    parse: async (text: string) => {
      await delay(1);
      return JSON.parse(text) as object;
    },
  };

  it('keeps the order of what is called on a session', async () => {
    const { sessions } = await subject({ serializer });
    void sessions.set('a', plain({ views: 1 }));
    await sessions.set('a', plain({ views: 2 }));
    expect((await sessions.get('a'))?.views).toBe(2);
    void sessions.set('a', plain({ views: 3 }));
    await sessions.destroy('a');
    expect(await sessions.get('a')).toBeNull();
  });
});

describe('The options of ExpressSessionStore', () => {
  it.each<[unknown, RegExp]>([
    [{ prefix: '' }, /prefix/],
    [{ prefix: 'a\0' }, /prefix/],
    [{ prefix: 'x'.repeat(1_024) }, /prefix/],
    [{ ttl: Number.NaN }, /ttl/],
    [{ ttl: '1d' }, /ttl/],
    [{ ttl: -1 }, /ttl/],
    [{ serializer: { stringify: JSON.stringify } }, /serializer/],
    [{ touchAfter: -1 }, /touchAfter/],
    [{ ownerOf: 'user' }, /ownerOf/],
    [{ ended: 'throw' }, /ended/],
    [{ fallback: {} }, /fallback/],
    [{ maxAge: 5 }, /no option "maxAge".*prefix/],
  ])('%j is refused, by name and with what is allowed', async (options, message) => {
    const { store } = await harness.startStore({ tableName: harness.table() });
    expect(() => new ExpressSessionStore(store, options as ExpressSessionStoreOptions)).toThrow(
      message,
    );
  });

  it.each([undefined, null, {}, new Map()])('%p is no store', (store) => {
    expect(() => new ExpressSessionStore(store as never)).toThrow(/needs a store/);
  });

  it.each<ExpressSessionStoreOptions>([
    {
      ownerOf: () => {
        throw new Error('no owner');
      },
    },
    { ownerOf: () => 7 as never },
    {
      ttl: () => {
        throw new Error('no ttl');
      },
    },
    {
      serializer: {
        stringify: () => {
          throw new Error('no text');
        },
        parse: JSON.parse as never,
      },
    },
    { serializer: { stringify: () => undefined as never, parse: JSON.parse as never } },
  ])(
    'what a function of the application throws, or answers wrongly, reaches the callback',
    async (options) => {
      const { sessions } = await subject(options);
      const error = await new Promise((resolve) => void sessions.set('a', plain(), resolve));
      expect(error).toBeInstanceOf(Error);
    },
  );
});
