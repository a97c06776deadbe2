import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import type { KeyValueStore } from '../../lib/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startStore, type RunningStore } from '../support/app.js';
import { celerisStatements, createCelerisTable } from './celeris-table.js';
import { bytes, collect } from './helpers.js';
import { HOUR, MINUTE } from './subject.js';

const minutesFromNow = (minutes: number): Date => new Date(Date.now() + minutes * MINUTE);

describe.each(['ours', 'theirs'])('a table shared with celeris, made as %s', (maker) => {
  const table = 'shared_sessions';
  const sql = celerisStatements(table);
  let database: TestDatabase;
  let celeris: Pool;
  let started: RunningStore;
  let store: KeyValueStore;

  const read = async (id: string): Promise<Buffer | undefined> =>
    (await celeris.query<{ value: Buffer }>(sql.get, [id])).rows.at(0)?.value;

  beforeAll(async () => {
    database = await createTestDatabase();
    celeris = new Pool({ connectionString: database.connectionString, max: 2 });
    if (maker === 'theirs') await createCelerisTable(celeris, table);
    started = await startStore({
      connection: database.connectionString,
      tableName: table,
      cleanup: false,
    });
    store = started.store;
  });
  beforeEach(() => celeris.query(sql.truncate));
  afterAll(async () => {
    await started.close();
    await celeris.end();
    await database.close();
  });

  it('lets celeris read what we write', async () => {
    await store.set('a', Buffer.of(0, 1, 255), { ttl: HOUR });
    await store.set('b', 'forever');
    await store.set('c', 'short', { ttl: HOUR });
    await store.touch('c', 1);
    await store.compareAndSet('b', 'forever', 'and ever');
    expect(await read('a')).toEqual(Buffer.of(0, 1, 255));
    expect(await read('b')).toEqual(bytes('and ever'));
    expect(await read('absent')).toBeUndefined();
  });

  it('reads what celeris writes', async () => {
    await celeris.query(sql.set, ['a', bytes('one'), minutesFromNow(10)]);
    await celeris.query(sql.set, ['b', bytes('two'), null]);
    await celeris.query(sql.set, ['old', bytes('gone'), minutesFromNow(-10)]);
    expect(await collect(store.scan(''))).toEqual(['a', 'b']);
    expect(await store.get('a')).toEqual(bytes('one'));
    expect(await store.get('old')).toBeUndefined();
    await expect(store.setIfAbsent('a', 'three')).resolves.toBe(false);
    await expect(store.setIfAbsent('old', 'new')).resolves.toBe(true);
    await expect(store.touch('b', HOUR)).resolves.toBe(true);
    expect(await read('old')).toEqual(bytes('new'));
  });

  it('takes an expiry of infinity for none', async () => {
    await celeris.query(sql.set, ['a', bytes('one'), 'infinity']);
    await store.set('b', 'two', { ttl: HOUR });
    expect(await store.getEntry('a')).toEqual({ value: bytes('one') });
    const both = await Promise.all(['a', 'b'].map((key) => store.getEntry(key)));
    expect(both.map((entry) => entry?.expiresIn === undefined)).toEqual([true, false]);
  });

  it('lets both write one entry in turns', async () => {
    await store.set('a', 'ours', { ttl: HOUR });
    await celeris.query(sql.set, ['a', bytes('theirs'), null]);
    expect(await store.get('a')).toEqual(bytes('theirs'));
    await store.set('a', 'ours again', { ttl: HOUR });
    expect(await read('a')).toEqual(bytes('ours again'));
    await celeris.query(sql.set, ['a', bytes('late'), minutesFromNow(-1)]);
    expect(await store.get('a')).toBeUndefined();
    await celeris.query(sql.set, ['n', bytes('41'), minutesFromNow(10)]);
    await expect(store.increment('n')).resolves.toBe(42);
  });

  it('lets celeris delete ours, and us theirs', async () => {
    await store.setMany(['p:1', 'p:2', 'q:1', 'r'].map((key) => [key, 'x']));
    await celeris.query(sql.delete, ['r']);
    await celeris.query(sql.deletePrefix, ['p:%']);
    expect(await collect(store.scan(''))).toEqual(['q:1']);
    await celeris.query(sql.set, ['p:3', bytes('x'), null]);
    await store.deletePrefix('p:');
    await expect(store.delete('q:1')).resolves.toBe(true);
    expect(await read('p:3')).toBeUndefined();
    expect(await read('q:1')).toBeUndefined();
  });

  it('lets celeris sweep ours', async () => {
    await store.set('stays', 'x', { ttl: HOUR });
    await store.set('forever', 'x');
    await celeris.query(sql.set, ['old', bytes('x'), minutesFromNow(-1)]);
    expect((await celeris.query(sql.cleanup)).rowCount).toBe(1);
    expect(await collect(store.scan(''))).toEqual(['forever', 'stays']);
  });
});
