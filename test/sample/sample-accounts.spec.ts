import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshName, SampleFixture, TABLE } from './sample-fixture.js';
import { PASSWORD, sha256 } from './visitor.js';

const TIME = 60_000;

let fixture: SampleFixture;

beforeAll(async () => {
  fixture = await SampleFixture.start();
}, TIME);
afterAll(() => fixture?.stop(), TIME);

describe('an account', () => {
  it('signs up, out and in again', async () => {
    const ada = await fixture.signedUp();
    expect((await ada.get('/sessions')).body).toContain(ada.name);

    expect((await ada.submit('/sessions', '/sessions/end')).status).toBe(303);
    expect(ada.sessionId).toBeUndefined();
    expect(await ada.isSignedIn()).toBe(false);

    expect((await ada.signIn(ada.name)).status).toBe(303);
    expect(await ada.isSignedIn()).toBe(true);
  });

  it('keeps the password as a salted scrypt hash', async () => {
    const { name } = await fixture.signedUp();
    const { rows } = await fixture.sql.query<{ password: string }>(
      'SELECT password FROM sample_users WHERE name = $1',
      [name],
    );
    expect(rows[0]?.password).toMatch(/^scrypt\$\d+\$8\$3\$[\w+/]{22}==\$[\w+/]{43}=$/);
  });

  it('does not tell whether it exists to who has no password for it', async () => {
    const { name } = await fixture.signedUp();
    const wrong = await fixture.visitor().signIn(name, 'not the password');
    const unknown = await fixture.visitor().signIn(freshName(), 'not the password');
    const withoutValues = (body: string) => body.replace(/value="[^"]*"/g, '');

    expect(wrong.status).toBe(401);
    expect(unknown.status).toBe(401);
    expect(withoutValues(unknown.body)).toBe(withoutValues(wrong.body));
  });

  it.each([
    ['a name of one letter', { name: 'a', password: PASSWORD }, 422],
    ['a name with markup', { name: '<b>ada</b>', password: PASSWORD }, 422],
    ['a short password', { name: 'somebody-new', password: 'short' }, 422],
    ['no fields at all', {}, 422],
    ['a NUL in the name', { name: 'a\0da', password: PASSWORD }, 422],
  ])('is refused with %s', async (_, fields, status) => {
    expect((await fixture.visitor().submit('/sign-up', '/sign-up', fields)).status).toBe(status);
  });

  it('is refused under a name that is taken, whatever its case', async () => {
    const { name } = await fixture.signedUp();
    expect((await fixture.visitor().signUp(name.toUpperCase())).status).toBe(409);
  });

  it('locks a name after ten tries from anywhere, for the right password as well', async () => {
    const { name } = await fixture.signedUp();
    const counter = `sample:attempts:name:${sha256(name)}`;
    expect((await fixture.visitor().signIn(name, 'not the password')).status).toBe(401);
    const { rows } = await fixture.sql.query<{ count: string }>(
      `SELECT encode(value, 'escape') AS count FROM ${TABLE} WHERE id = $1`,
      [counter],
    );
    expect(rows[0]?.count).toBe('1');

    await fixture.sql.query(`UPDATE ${TABLE} SET value = '10' WHERE id = $1`, [counter]);
    const answer = await fixture.visitor().signIn(name);
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('900');
  });

  it('locks an address after a hundred tries, whatever the names', async () => {
    const guesser = fixture.visitor();
    await guesser.signIn(freshName(), 'not the password');
    await fixture.sql.query(`UPDATE ${TABLE} SET value = '100' WHERE id = $1`, [
      `sample:attempts:address:${sha256(guesser.address)}`,
    ]);
    expect((await guesser.signIn(freshName(), 'not the password')).status).toBe(429);
    expect((await fixture.visitor().signIn(freshName(), 'not the password')).status).toBe(401);
  });

  it('shows what was typed as text', async () => {
    const { body } = await fixture
      .visitor()
      .signIn('"><script>alert(1)</script>', 'whatever it is');
    expect(body).not.toContain('<script');
    expect(body).toContain('&quot;&gt;&lt;script&gt;');
  });
});
