import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { describeWithTools } from '../support/tools.js';
import { SampleProcess } from './sample-process.js';
import { PASSWORD } from './visitor.js';

const TITLE = 'the sample in a real browser';
const TIME = 60_000;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--no-first-run',
];
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

const chosen = process.env.CHROMIUM_PATH;
if (chosen) describe(TITLE, () => journeys(chosen));
else describeWithTools(TITLE, ['chromium'], (paths) => journeys(paths.chromium));

function journeys(executablePath: string): void {
  let database: TestDatabase;
  let sample: SampleProcess;
  let browser: Browser;

  beforeAll(async () => {
    database = await createTestDatabase();
    sample = await SampleProcess.start({ DATABASE_URL: database.connectionString });
    browser = await chromium.launch({ executablePath, args: FLAGS });
  }, TIME);

  afterAll(async () => {
    await browser?.close();
    await sample?.stop();
    await database?.close();
  }, TIME);

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: sample.url, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto('/');
    return page;
  }

  async function fillIn(page: Page, name: string, button: string): Promise<void> {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: button }).click();
    await page.waitForURL('**/sessions');
  }

  async function signUp(page: Page, name: string): Promise<void> {
    await page.getByRole('link', { name: 'Create an account' }).click();
    await fillIn(page, name, 'Create account');
  }

  async function signIn(page: Page, name: string): Promise<void> {
    await page.goto('/sign-in');
    await fillIn(page, name, 'Sign in');
  }

  it(
    'ends the other of two sessions, which is signed out at its next click',
    async () => {
      const here = await open();
      const there = await open({ userAgent: FIREFOX });
      await signUp(here, 'grace');
      await signIn(there, 'grace');

      await here.reload();
      expect(await here.getByRole('listitem').count()).toBe(2);
      await here.getByRole('button', { name: 'Sign out Firefox on Windows' }).click();
      await here.getByText('That device is signed out.').waitFor();
      expect(await here.getByRole('listitem').count()).toBe(1);

      await there.getByRole('button', { name: 'Sign out', exact: true }).click();
      await there.waitForURL('**/sign-in?notice=session-ended');
      await there.goto('/sessions');
      expect(new URL(there.url()).pathname).toBe('/sign-in');
      await here.reload();
      expect(new URL(here.url()).pathname).toBe('/sessions');
    },
    TIME,
  );

  it(
    'signs out everywhere else',
    async () => {
      const here = await open();
      await signUp(here, 'edsger');
      const others = [await open(), await open({ userAgent: FIREFOX })];
      for (const other of others) await signIn(other, 'edsger');

      await here.reload();
      await here.getByRole('button', { name: 'Sign out everywhere else' }).click();
      await here.getByText('You are signed out everywhere else.').waitFor();
      for (const other of others) {
        await other.reload();
        expect(new URL(other.url()).pathname).toBe('/sign-in');
      }
    },
    TIME,
  );

  it(
    'needs no script, fits a phone, and keeps its style',
    async () => {
      const page = await open({ javaScriptEnabled: false, viewport: { width: 360, height: 640 } });
      await signUp(page, 'barbara');
      const box = await page.getByRole('main').boundingBox();
      expect(box?.width).toBeLessThanOrEqual(360);
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await page.getByText('You are signed out.').waitFor();
    },
    TIME,
  );
}
