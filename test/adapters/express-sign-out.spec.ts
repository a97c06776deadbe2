import { beforeEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import { called, startExpressSite, type Site, type SiteOptions } from './support/express-site.js';
import { Gate } from './support/gate.js';

const harness = Harness.use();

const handlers: SiteOptions['handlers'] = {
  '/sign-in': (request) => {
    request.session.account = 'ada';
  },
  '/who': (request, response) => {
    response.end(request.session.account ?? 'nobody');
  },
  '/sign-out': (request) => called((done) => request.session.destroy(done)),
};

/** Requests of one visitor to two processes; one request waits at a gate. */
describe.each([{ resave: false }, { resave: true }])(
  'A sign-out is final (resave: $resave)',
  (session) => {
    let tableName: string;
    let gate: Gate;
    let here: Site;
    let there: Site;

    beforeEach(async () => {
      tableName = harness.table();
      gate = new Gate();
      const waiting: SiteOptions['handlers'] = {
        ...handlers,
        '/change-late': async (request) => {
          request.session.views = 1;
          await gate.pass();
        },
        '/look-late': async () => gate.pass(),
        '/save-twice-late': async (request) => {
          request.session.views = 1;
          await called((done) => request.session.save(done));
          await gate.pass();
          request.session.views = 2;
          await called((done) => request.session.save(done));
        },
        '/reload-late': async (request) => {
          request.session.views = 1;
          await gate.pass();
          await called((done) => request.session.reload(done)).catch(() => undefined);
        },
        '/log-out-late': async (request) => {
          // As passport's logOut does it.
          await gate.pass();
          delete request.session.account;
          await called((done) => request.session.save(done));
          await called((done) => request.session.regenerate(done));
        },
      };
      const options = {
        tableName,
        session,
        adapter: { ownerOf: (its: { account?: string }) => its.account },
      };
      here = await startExpressSite(harness, { ...options, handlers: waiting });
      there = await startExpressSite(harness, { ...options, handlers });
    });

    const rows = async (): Promise<number> => {
      return (await harness.sql(`SELECT FROM ${tableName}`)).length;
    };

    type Ending = [how: string, end: (site: Site, sid: string) => unknown];
    const endings: Ending[] = [
      ['session.destroy() in another process', () => undefined],
      ['deleteOwner in another process', (site) => site.store.deleteOwner('ada')],
      [
        'expiry and sweep',
        async (_, sid) => {
          await harness.sql(`UPDATE ${tableName} SET expires_at = now() - interval '1 s'`);
          await harness.sql(`DELETE FROM ${tableName} WHERE id = 'sess:' || $1`, [sid]);
        },
      ],
    ];

    const late = [
      '/change-late',
      '/look-late',
      '/save-twice-late',
      '/reload-late',
      '/log-out-late',
    ];

    it.each(late.flatMap((path) => endings.map((ending) => [path, ...ending] as const)))(
      'while %s is under way, ended by %s',
      async (path, how, end) => {
        const visitor = here.visitor();
        await visitor.get('/sign-in');
        expect((await visitor.get('/who')).text).toBe('ada');
        const old = visitor.twin();
        const request = visitor.twin().get(path);
        await gate.entered;
        if (how.startsWith('session.destroy')) await visitor.twin(there.url).get('/sign-out');
        else await end(there, visitor.sid);
        await waitFor(async () => (await rows()) === 0, { what: 'the end of the session' });
        gate.open();
        await request;
        const again = old.twin();
        expect((await again.get('/who')).text).toBe('nobody');
        const left = await harness.sql<{ id: string }>(`SELECT id FROM ${tableName}`);
        expect(left.map(({ id }) => id)).not.toContain(`sess:${visitor.sid}`);
      },
    );
  },
);
