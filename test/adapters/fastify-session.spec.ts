import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  FastifySessionStore,
  type FastifySessionStoreOptions,
} from '../../lib/adapters/fastify-session.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { startFastifySite, type FastifyHandler } from './support/fastify-site.js';
import { itIsFinal, type SignOutSites } from './support/final-sign-out.js';
import { Gate } from './support/gate.js';

const harness = Harness.use();

const handlers: Record<string, FastifyHandler> = {
  '/sign-in': ({ session }) => {
    session.account = 'ada';
  },
  '/who': ({ session }) => session.account ?? 'nobody',
  '/look': () => 'looked',
  '/views': ({ session }) => (session.views = (session.views ?? 0) + 1),
  '/sign-out': ({ session }) => session.destroy(),
};

/** Requests of one visitor to two processes; one request waits at a gate. */
describe('A sign-out from @fastify/session is final', () => {
  let sites: SignOutSites;

  beforeEach(async () => {
    const tableName = harness.table();
    const gate = new Gate();
    const waiting: Record<string, FastifyHandler> = {
      ...handlers,
      '/change-late': async ({ session }) => {
        session.views = 1;
        await gate.pass();
      },
      '/look-late': () => gate.pass(),
      '/save-twice-late': async ({ session }) => {
        session.views = 1;
        await session.save();
        await gate.pass();
        session.views = 2;
        await session.save();
      },
      '/regenerate-late': async ({ session }) => {
        await gate.pass();
        await session.regenerate();
      },
    };
    const options = { tableName, adapter: { ownerOf: (its: { account?: string }) => its.account } };
    const here = await startFastifySite(harness, { ...options, handlers: waiting });
    const there = await startFastifySite(harness, { ...options, handlers });
    sites = { tableName, gate, here, there };
  });

  const late = ['/change-late', '/look-late', '/save-twice-late', '/regenerate-late'];
  itIsFinal(harness, late, () => sites);
});

describe('FastifySessionStore', () => {
  it('keeps a session that is used, and writes its value once', async () => {
    const site = await startFastifySite(harness, {
      tableName: harness.table(),
      handlers,
      session: { cookie: { secure: false, maxAge: 2_000 } },
    });
    const ada = site.visitor();
    await ada.get('/sign-in');
    const { sid } = ada;
    for (let request = 0; request < 8; request++) {
      await delay(400);
      expect((await ada.get('/who')).text).toBe('ada');
    }
    expect(ada.sid).toBe(sid);
    expect(site.calls.get('set')).toBe(1);
    expect(site.calls.get('setIfPresent') ?? 0).toBe(0);
    await waitFor(async () => (await site.store.get(`sess:${sid}`)) === undefined, {
      what: 'the expiry of a session that nobody uses',
    });
    expect((await ada.get('/who')).text).toBe('nobody');
    expect(ada.sid).not.toBe(sid);
  });

  it('sends no touch that would move the expiry by less than touchAfter', async () => {
    const site = await startFastifySite(harness, {
      tableName: harness.table(),
      handlers,
      session: { cookie: { secure: false, maxAge: 3_600_000 } },
      adapter: { touchAfter: 60_000 },
    });
    const ada = site.visitor();
    await ada.get('/sign-in');
    for (let request = 0; request < 10; request++) await ada.get('/look');
    expect(site.calls.get('touch') ?? 0).toBe(0);
  });

  it('saves what a request changed, in one row under the id in the cookie', async () => {
    const tableName = harness.table();
    const site = await startFastifySite(harness, { tableName, handlers });
    const ada = site.visitor();
    for (const expected of ['1', '2', '3']) expect((await ada.get('/views')).text).toBe(expected);
    const rows = await harness.sql<{ id: string }>(`SELECT id FROM ${tableName}`);
    expect(rows.map(({ id }) => id)).toEqual([`sess:${ada.sid}`]);
  });

  it('stores the new session of a regeneration although nothing in it was changed, and the old one is gone', async () => {
    const tableName = harness.table();
    const site = await startFastifySite(harness, {
      tableName,
      handlers: {
        ...handlers,
        '/regenerate': ({ session }) => session.regenerate(),
        '/keep': ({ session }) => session.regenerate(['account']),
      },
    });
    const ada = site.visitor();
    await ada.get('/sign-in');
    const first = ada.sid;
    await ada.get('/keep');
    expect((await ada.get('/who')).text).toBe('ada');
    const second = ada.sid;
    await ada.get('/regenerate');
    expect((await ada.get('/who')).text).toBe('nobody');
    expect(new Set([first, second, ada.sid]).size).toBe(3);
    const rows = await harness.sql<{ id: string }>(`SELECT id FROM ${tableName}`);
    expect(rows.map(({ id }) => id)).toEqual([`sess:${ada.sid}`]);
  });

  it('answers an outage with an error, and signs nobody out', async () => {
    const site = await startFastifySite(harness, { tableName: harness.table(), handlers });
    const ada = site.visitor();
    await ada.get('/sign-in');
    await site.store.close();
    const { status, setCookie } = await ada.get('/who');
    expect(status).toBe(500);
    expect(setCookie).toEqual([]);
  });

  it('saves nothing over plain HTTP with a secure cookie, which is the default', async () => {
    const tableName = harness.table();
    const session = { cookie: { secure: true } };
    const site = await startFastifySite(harness, { tableName, handlers, session });
    await site.visitor().get('/sign-in');
    expect(await harness.sql(`SELECT FROM ${tableName}`)).toEqual([]);
  });

  it.each<[FastifySessionStoreOptions, RegExp]>([
    [{ prefix: '' }, /prefix/],
    [{ ttl: '1d' as never }, /ttl/],
    [{ touchAfter: -1 }, /touchAfter/],
    [{ maxAge: 1 } as never, /no option "maxAge"/],
  ])('refuses %j', async (options, message) => {
    const { store } = await harness.startStore({ tableName: harness.table() });
    expect(() => new FastifySessionStore(store, options)).toThrow(message);
    expect(() => new FastifySessionStore({} as never)).toThrow(/needs a store/);
  });
});
