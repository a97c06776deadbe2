import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SampleProcess } from './sample/sample-process.js';
import { CodeBlocks } from './support/code-blocks.js';
import { REPOSITORY, run } from './support/commands.js';
import { waitFor } from './support/conditions.js';
import { Harness } from './support/harness.js';

const harness = Harness.use();

const PAGES = [
  'docs/testing.md',
  'docs/keyv.md',
  'docs/express-session.md',
  'docs/fastify-session.md',
  'docs/transactions.md',
];

describe.each(PAGES)('%s', (document) => {
  let page: CodeBlocks;

  beforeAll(async () => {
    page = await CodeBlocks.compile(document);
  });
  afterAll(() => page?.remove());

  it('shows code that compiles against the package', () => {
    expect(page.blocks.length).toBeGreaterThan(0);
    expect(page.complaints).toBe('');
  });

  if (document === 'docs/testing.md') {
    it.each([1, 2])(
      'shows tests that node:test passes, without a database: block %i',
      async (n) => {
        const { code, stdout } = await run(process.execPath, ['--test', page.program(n)], {
          cwd: REPOSITORY,
          env: { DATABASE_URL: '' },
        });
        expect(code === 0 || stdout).toBe(true);
        expect(stdout).toMatch(/^# pass [1-9]|^ℹ pass [1-9]/m);
      },
    );
  }

  if (document === 'docs/keyv.md') {
    it('begins with an application that answers the second request from the table', async () => {
      const program = await SampleProcess.start({ DATABASE_URL: harness.url }, page.program(1));
      harness.onEnd(() => program.stop());
      const ask = async () => (await fetch(`${program.url}/prices/apple`)).text();
      const first = await ask();
      await waitFor(
        async () =>
          (await harness.sql(`SELECT FROM celeris_sessions WHERE id LIKE 'keyv:%'`)).length,
        { what: 'the cached answer' },
      );
      expect(await ask()).toBe(first);
    });
  }

  if (document.endsWith('-session.md')) {
    it('begins with an application that knows its visitor again', async () => {
      const program = await SampleProcess.start({ DATABASE_URL: harness.url }, page.program(1));
      harness.onEnd(() => program.stop());
      const signIn = await fetch(`${program.url}/sign-in/ada`, { method: 'POST' });
      const [cookie] = signIn.headers.getSetCookie();
      const me = await fetch(`${program.url}/me`, { headers: { cookie: cookie.split(';')[0] } });
      expect(await me.json()).toEqual({ member: 'ada' });
    });
  }
});
