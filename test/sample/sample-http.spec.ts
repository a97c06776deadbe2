import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { freshName, SampleFixture } from './sample-fixture.js';
import { PASSWORD, type Visitor } from './visitor.js';

const TIME = 60_000;

let fixture: SampleFixture;

beforeAll(async () => {
  fixture = await SampleFixture.start();
}, TIME);
afterAll(() => fixture?.stop(), TIME);

describe('the cookie', () => {
  const flagsOf = (line = '') => line.split('; ').slice(1);

  it('is out of reach of scripts and of posts from other sites', async () => {
    const ada = fixture.visitor();
    const { setCookies } = await ada.signUp(freshName());
    const line = setCookies.find((cookie) => cookie.startsWith('sample_session='));
    expect(flagsOf(line)).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Lax', 'Path=/']));
    expect(flagsOf(line)).not.toContain('Secure');
    expect(flagsOf(line)).toContain(`Max-Age=${14 * 24 * 60 * 60}`);
    expect(ada.sessionId).toMatch(/^[\w-]{43}$/);
  });

  it('is secure and bound to the host behind TLS', async () => {
    const ada = fixture.visitor({ 'X-Forwarded-Proto': 'https' });
    const { setCookies } = await ada.signUp(freshName());
    const line = setCookies.find((cookie) => cookie.startsWith('__Host-sample_session='));
    expect(flagsOf(line)).toEqual(expect.arrayContaining(['Secure', 'HttpOnly', 'SameSite=Lax']));
    expect(await ada.isSignedIn()).toBe(true);
  });

  it('is worth nothing when somebody planted it before the sign-in', async () => {
    const { name } = await fixture.signedUp();
    const planted = randomBytes(32).toString('base64url');
    const [victim, attacker] = [fixture.visitor(), fixture.visitor()];
    for (const { cookies } of [victim, attacker]) cookies.set('sample_session', planted);

    // An id that the store does not know is taken back before there is a form to fill in.
    expect((await victim.get('/sign-in')).headers.location).toBe('/sessions');
    await victim.get('/sessions');
    expect(victim.sessionId).toBeUndefined();

    expect((await victim.signIn(name)).status).toBe(303);
    expect(victim.sessionId).not.toBe(planted);
    expect(await attacker.isSignedIn()).toBe(false);
  });

  it('is a new one at every sign-in, and the old one ends', async () => {
    const ada = await fixture.signedUp();
    const old = fixture.visitor();
    old.cookies.set('sample_session', ada.sessionId ?? '');
    const token = await ada.token('/sessions');

    const answer = await ada.post('/sign-in', { _csrf: token, name: ada.name, password: PASSWORD });
    expect(answer.status).toBe(303);
    expect(ada.sessionId).not.toBe(old.sessionId);
    expect(await ada.isSignedIn()).toBe(true);
    expect(await old.isSignedIn()).toBe(false);
  });
});

describe('a post', () => {
  const action = '/sessions/end';
  let ada: Visitor;

  beforeAll(async () => {
    ada = await fixture.signedUp();
  });

  it.each<[string, Record<string, string> | 'own', Record<string, string>]>([
    ['without a token', {}, {}],
    ['with a made-up token', { _csrf: 'x'.repeat(43) }, {}],
    ['from another site by Origin', 'own', { Origin: 'https://evil.example' }],
    ['from an opaque origin', 'own', { Origin: 'null' }],
    ['from another site by Sec-Fetch-Site', 'own', { 'Sec-Fetch-Site': 'cross-site' }],
    ['from a sibling domain', 'own', { 'Sec-Fetch-Site': 'same-site' }],
  ])('%s is refused and changes nothing', async (_, fields, headers) => {
    const sent = fields === 'own' ? { _csrf: await ada.token('/sessions') } : fields;
    expect((await ada.post(action, sent, headers)).status).toBe(403);
    expect(await ada.isSignedIn()).toBe(true);
  });

  it('with the token of another session is refused', async () => {
    const eve = await fixture.signedUp();
    const _csrf = await eve.token('/sessions');
    expect((await ada.post(action, { _csrf })).status).toBe(403);
  });

  it('to sign in needs the token of the visitor it was given to', async () => {
    const { name } = await fixture.signedUp();
    const [victim, attacker] = [fixture.visitor(), fixture.visitor()];
    await victim.get('/sign-in');
    const _csrf = await attacker.token('/sign-in');
    const fields = { _csrf, name, password: PASSWORD };
    expect((await victim.post('/sign-in', fields)).status).toBe(403);
    expect((await attacker.post('/sign-in', fields)).status).toBe(303);
  });

  it('from the site itself passes', async () => {
    const own = { Origin: fixture.sample.url, 'Sec-Fetch-Site': 'same-origin' };
    expect((await ada.post(action, { _csrf: await ada.token('/sessions') }, own)).status).toBe(303);
  });
});

describe('every page', () => {
  it.each(['/', '/sign-in', '/nothing-here'])(
    '%s is locked down and not kept by caches',
    async (path) => {
      const { headers } = await fixture.visitor().get(path);
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      expect(headers).not.toHaveProperty('x-powered-by');
    },
  );

  it('finds its stylesheet', async () => {
    const { status, headers } = await fixture.visitor().get('/site.css');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/css');
  });
});
