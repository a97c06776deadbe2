import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { PostgresSessionError, type PostgresSessionStore } from '../../lib/index.js';
import { anything, collect, numbered } from '../conformance/helpers.js';
import { everyCall } from '../conformance/store-calls.js';
import { failureOf, ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';

const HOUR = 3_600_000;

describe('A store on a client of the application', () => {
  const harness = Harness.use();
  let tableName: string;
  let store: PostgresSessionStore;
  let client: Client;

  beforeEach(async () => {
    tableName = harness.table();
    ({ store } = await harness.startStore({ tableName }));
    client = await harness.connect();
    await client.query('BEGIN');
  });

  const text = async (key: string): Promise<string | undefined> =>
    (await store.get(key))?.toString();

  it('shows what it wrote to nobody before COMMIT, and to all after it', async () => {
    await store.setMany([['old', 'x'], ['other', 'x']], { owner: 'alice' }); // prettier-ignore
    const sessions = store.withClient(client);
    await sessions.set('new', 'y', { owner: 'alice', ttl: HOUR });
    await expect(sessions.deleteOwner('alice', { except: ['new'] })).resolves.toBe(2);
    await sessions.increment('count');
    expect(await collect(sessions.scan(''))).toEqual(['count', 'new']);
    expect(await collect(store.scan(''))).toEqual(['old', 'other']);
    await client.query('COMMIT');
    expect(await collect(store.scan(''))).toEqual(['count', 'new']);
    expect(await store.getEntry('new')).toMatchObject({ owner: 'alice' });
  });

  it('leaves no trace of any call after ROLLBACK', async () => {
    await store.setMany([['k', '1'], ['a', '1'], ['p1', 'x']], { owner: 'alice' }); // prettier-ignore
    const before = await collect(store.scanEntries({ prefix: '' }));
    const sessions = store.withClient(client);
    for (const [name, call] of everyCall) {
      await expect(call(sessions).then(() => name)).resolves.toBe(name);
      await sessions.set('k', '1');
    }
    await client.query('ROLLBACK');
    expect(await collect(store.scanEntries({ prefix: '' }))).toEqual(before);
  });

  it('sends plain statements alone, and no transaction, setting or truncation of its own', async () => {
    const sent: string[] = [];
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = anything((...args: [{ text?: string; name?: string } | string]) => {
      const [first] = args;
      sent.push(typeof first === 'string' ? first : `${first.name ?? ''}${first.text ?? ''}`);
      return query(...args);
    });
    const sessions = store.withClient(client);
    await sessions.setMany(numbered('k', 600).map((key) => [key, 'x']));
    await sessions.deleteMany(numbered('k', 300));
    await sessions.move('k00400', 'k00401', 'y');
    await sessions.move('k00401', 'k00401', 'z');
    await sessions.update('k00401', () => 'changed');
    await sessions.deletePrefix('');
    await sessions.count({ prefix: '' });
    expect(sent.length).toBeGreaterThan(8);
    for (const statement of sent) expect(statement).toMatch(/^(SELECT|INSERT|UPDATE|DELETE|WITH) /);
  });

  it('makes its calls in their order, also those that are not awaited', async () => {
    const sessions = store.withClient(client);
    const again = store.withClient(client);
    const results = await Promise.all([
      sessions.set('a', '1'),
      again.update('a', (value) => `${value.toString()}2`).then(String),
      sessions.namespace('a').get('b'),
      again.deletePrefix('a'),
      sessions.get('a'),
      again.setIfAbsent('a', '3'),
      sessions.get('a').then(String),
    ]);
    expect(results).toEqual([undefined, '12', undefined, undefined, undefined, true, '3']);
  });

  it('waits for another transaction on the key, and goes by what that one leaves', async () => {
    await store.set('count', '1');
    const other = await harness.connect();
    await other.query('BEGIN');
    await expect(store.withClient(other).increment('count')).resolves.toBe(2);
    const second = store.withClient(client).increment('count');
    await blockedBy(harness, other);
    // Reads do not wait, and see what is committed.
    expect(await text('count')).toBe('1');
    await other.query('COMMIT');
    await expect(second).resolves.toBe(3);
    await client.query('COMMIT');
    expect(await text('count')).toBe('3');
  });

  it('finds the entry there again where the other transaction is rolled back', async () => {
    await store.set('token', 'x');
    const other = await harness.connect();
    await other.query('BEGIN');
    expect(String(await store.withClient(other).getAndDelete('token'))).toBe('x');
    const second = store.withClient(client).getAndDelete('token');
    await blockedBy(harness, other);
    await other.query('ROLLBACK');
    expect(String(await second)).toBe('x');
  });

  it('rejects with the driver’s error as cause, and leaves the transaction aborted', async () => {
    await harness.sql(`ALTER TABLE ${tableName} ADD CHECK (value <> 'refused')`);
    const sessions = store.withClient(client);
    await sessions.set('a', 'x');
    const failed = await ownFailureOf(sessions.set('b', 'refused'));
    expect(failed).toMatchObject({ code: 'ERR_QUERY', cause: { code: '23514' } });
    const later = await ownFailureOf(sessions.update('a', () => 'y'));
    expect(later).toMatchObject({ code: 'ERR_QUERY', cause: { code: '25P02' } });
    await client.query('ROLLBACK');
    expect(await text('a')).toBeUndefined();
    await sessions.set('a', 'after');
    expect(await text('a')).toBe('after');
  });

  it('lets the application go on after errors that are not the database’s', async () => {
    const sessions = store.withClient(client);
    await sessions.set('a', 'no counter');
    expect(await ownFailureOf(sessions.increment('a'))).toMatchObject({
      code: 'ERR_NOT_A_COUNTER',
    });
    const fault = new Error('not today');
    const throwing = (): never => {
      throw fault;
    };
    expect(await failureOf(sessions.update('a', throwing))).toBe(fault);
    expect(await failureOf(sessions.set('', 'x'))).toBeInstanceOf(TypeError);
    const reason = new Error('changed my mind');
    const aborted = sessions.set('a', 'x', { signal: AbortSignal.abort(reason) });
    expect(await failureOf(aborted)).toBe(reason);
    await client.query('COMMIT');
    expect(await text('a')).toBe('no counter');
  });

  it('tells of a client that was lost', async () => {
    const sessions = store.withClient(client);
    await sessions.set('a', 'x');
    await client.end();
    const error = await ownFailureOf(sessions.set('b', 'x'));
    expect(error).toMatchObject({ code: 'ERR_CONNECTION', cause: expect.anything() });
    expect(await text('a')).toBeUndefined();
  });

  it('counts an expiry from the transaction’s now()', async () => {
    const sessions = store.withClient(client);
    await sessions.set('a', 'x', { ttl: HOUR });
    await client.query('SELECT pg_sleep(0.02)');
    expect((await sessions.getEntry('a'))?.expiresIn).toBe(HOUR);
    await client.query('COMMIT');
    expect((await store.getEntry('a'))?.expiresIn).toBeLessThan(HOUR - 20);
  });

  it('cuts an expiry to maxTtl, and refuses writes under readOnly', async () => {
    const other = await harness.startStore({ tableName, maxTtl: HOUR });
    await other.store.withClient(client).set('a', 'x', { ttl: 2 * HOUR });
    expect((await other.store.withClient(client).getEntry('a'))?.expiresIn).toBe(HOUR);
    const reader = await harness.startStore({ tableName, readOnly: true });
    const sessions = reader.store.withClient(client);
    expect(String(await sessions.get('a'))).toBe('x');
    expect(await ownFailureOf(sessions.set('a', 'y'))).toMatchObject({ code: 'ERR_READ_ONLY' });
    expect(await ownFailureOf(sessions.deletePrefix(''))).toMatchObject({ code: 'ERR_READ_ONLY' });
  });

  it('starts the store if it was not, and refuses calls once it is closed', async () => {
    const sessions = store.withClient(client);
    await sessions.set('a', 'x');
    await store.close();
    for (const [name, call] of everyCall) {
      const error = await failureOf(call(sessions));
      expect({ name, error }).toMatchObject({ name, error: { code: 'ERR_STORE_CLOSED' } });
    }
    // The application's transaction is its own affair.
    await client.query('COMMIT');
    expect(await harness.sql(`SELECT id FROM ${tableName}`)).toEqual([{ id: 'a' }]);
  });

  it.each([undefined, null, 'client', {}, { query: () => undefined }])(
    'refuses %p, which is no client',
    (value) => {
      expect(() => store.withClient(anything(value))).toThrow(TypeError);
    },
  );

  it('refuses a pool, whose queries run on many connections', () => {
    expect(() => store.withClient(anything(harness.pool()))).toThrow(
      /client must be a client of pg.*Pool/,
    );
  });

  it('has errors of ours alone', async () => {
    await client.query('ROLLBACK');
    await client.query('BEGIN READ ONLY');
    const error = await ownFailureOf(store.withClient(client).set('a', 'x'));
    expect(error).toBeInstanceOf(PostgresSessionError);
    expect(error).toMatchObject({ cause: { code: '25006' } });
  });
});
