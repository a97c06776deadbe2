import { beforeEach, describe } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { called, startExpressSite, type SiteOptions } from './support/express-site.js';
import { itIsFinal, type SignOutSites } from './support/final-sign-out.js';
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
    let sites: SignOutSites;

    beforeEach(async () => {
      const tableName = harness.table();
      const gate = new Gate();
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
      const here = await startExpressSite(harness, { ...options, handlers: waiting });
      const there = await startExpressSite(harness, { ...options, handlers });
      sites = { tableName, gate, here, there };
    });

    const late = [
      '/change-late',
      '/look-late',
      '/save-twice-late',
      '/reload-late',
      '/log-out-late',
    ];
    itIsFinal(harness, late, () => sites);
  },
);
