import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { SampleFixture, TABLE } from './sample-fixture.js';
import { sha256, type Visitor } from './visitor.js';

const TIME = 60_000;

let fixture: SampleFixture;

beforeAll(async () => {
  fixture = await SampleFixture.start();
}, TIME);
afterAll(() => fixture?.stop(), TIME);

const keyOf = ({ sessionId }: Visitor) => `sample:session:${sha256(sessionId)}`;
const seenKeyOf = ({ sessionId }: Visitor) => `sample:seen:${sha256(sessionId)}`;

describe('the table', () => {
  it('signs nobody in who reads it', async () => {
    const ada = await fixture.signedUp();
    const { rows } = await fixture.sql.query<{ id: string; value: string }>(
      `SELECT id, encode(value, 'escape') AS value FROM ${TABLE}`,
    );
    expect(rows.map(({ id }) => id)).toContain(keyOf(ada));
    expect(JSON.stringify(rows)).not.toContain(ada.sessionId);

    const hash = createHash('sha256').update(ada.sessionId ?? '');
    for (const stolen of [sha256(ada.sessionId), hash.digest('base64url')]) {
      const thief = fixture.visitor();
      thief.cookies.set('sample_session', stolen);
      expect(await thief.isSignedIn()).toBe(false);
    }
  });
});

describe('the expiry', () => {
  const expiryOf = async (person: Visitor) => {
    const { rows } = await fixture.sql.query<{ left: number; version: string }>(
      `SELECT extract(epoch FROM expires_at - now())::float AS left, xmin::text AS version
       FROM ${TABLE} WHERE id = $1`,
      [keyOf(person)],
    );
    return rows[0];
  };
  const setExpiry = (person: Visitor, seconds: number) =>
    fixture.sql.query(
      `UPDATE ${TABLE} SET expires_at = now() + make_interval(secs => $2) WHERE id = $1`,
      [keyOf(person), seconds],
    );

  it('rolls with use, at most once a minute', async () => {
    const ada = await fixture.signedUp();
    await setExpiry(ada, 600);
    expect((await ada.get('/sessions')).setCookies).toEqual([]);
    expect((await expiryOf(ada))?.left).toBeLessThan(601);

    await lastSeen(ada, Date.now() - 5 * 60_000);
    const rolled = await ada.get('/sessions');
    expect(rolled.setCookies).toHaveLength(1);
    const maxAge = Number(
      /^sample_session=.*; Max-Age=(\d+)/.exec(rolled.setCookies[0] ?? '')?.[1],
    );
    expect(maxAge).toBeGreaterThan(13 * 24 * 60 * 60);
    const after = await expiryOf(ada);
    expect(after?.left).toBeGreaterThan(13 * 24 * 60 * 60);

    expect((await ada.get('/sessions')).setCookies).toEqual([]);
    expect((await expiryOf(ada))?.version).toBe(after?.version);
  });

  it('shows others when a device was last seen', async () => {
    const ada = await fixture.signedUp();
    const phone = fixture.visitor({
      'User-Agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1',
    });
    await phone.signIn(ada.name);
    await lastSeen(phone, Date.now() - 3 * 60 * 60_000);
    const { body } = await ada.get('/sessions');
    expect(body).toContain('Safari on iPhone');
    expect(body).toMatch(/Last seen <time[^>]+>3 hours ago</);
  });

  it('ends a session, says so, and takes the cookie back', async () => {
    const ada = await fixture.signedUp();
    await setExpiry(ada, -1);
    const answer = await ada.get('/sessions');
    expect(answer.headers.location).toBe('/sign-in?notice=session-ended');
    expect(ada.sessionId).toBeUndefined();
    expect((await ada.get('/sign-in?notice=session-ended')).body).toContain('has ended');
  });

  /** As if the sign-in and the last use lay back. */
  async function lastSeen(person: Visitor, time: number): Promise<void> {
    await fixture.sql.query(
      `INSERT INTO ${TABLE} (id, value, owner) SELECT $1, $2, owner FROM ${TABLE} WHERE id = $3
       ON CONFLICT (id) DO UPDATE SET value = excluded.value`,
      [seenKeyOf(person), Buffer.from(String(time)), keyOf(person)],
    );
  }
});

describe('the list of sessions', () => {
  it('ends one, and all others', async () => {
    const ada = await fixture.signedUp();
    const [phone, tablet, laptop] = [fixture.visitor(), fixture.visitor(), fixture.visitor()];
    for (const device of [phone, tablet, laptop]) await device.signIn(ada.name);

    await ada.submit('/sessions', `/sessions/${sha256(phone.sessionId)}/end`);
    expect(await phone.isSignedIn()).toBe(false);
    expect(await tablet.isSignedIn()).toBe(true);

    await ada.submit('/sessions', '/sessions/end-others');
    expect(await tablet.isSignedIn()).toBe(false);
    expect(await laptop.isSignedIn()).toBe(false);
    expect(await ada.isSignedIn()).toBe(true);
  });

  it('has nothing under other keys', async () => {
    const ada = await fixture.signedUp();
    for (const key of ['x', '%00', '0'.repeat(64), 'a'.repeat(2_000), '%F0%9F%94%91']) {
      const { status } = await ada.submit('/sessions', `/sessions/${key}/end`);
      expect([key, status]).toEqual([key, 404]);
    }
  });

  it("does not end another user's", async () => {
    const ada = await fixture.signedUp();
    const eve = await fixture.signedUp();
    const answer = await eve.submit('/sessions', `/sessions/${sha256(ada.sessionId)}/end`);
    expect(answer.status).toBe(404);
    expect(await ada.isSignedIn()).toBe(true);
  });
});
