import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { getSessionPoolToken } from '../../lib/index.js';
import { collect } from '../conformance/helpers.js';
import { startStore } from '../support/app.js';
import { Harness } from '../support/harness.js';
import { settle, settleAll } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

const PASSWORD = 'pass-word-of-the-role';
const KEY = 'key-that-signs-someone-in';
const VALUE = 'value-with-private-data';
const OWNER = 'owner-whose-name-is-private';
/** As bytes are written in hexadecimal, by PostgreSQL and by Node's own inspection. */
const HIDDEN = [PASSWORD, KEY, VALUE, OWNER].flatMap((word) => {
  const hex = Buffer.from(word).toString('hex');
  return [word, hex, hex.replace(/(..)(?=.)/g, '$1 '), Buffer.from(word).toString('base64')];
});

/** Everything that is logged, as a user's logger gets it. */
class KeepingLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly log = (...words: unknown[]): void => this.keep(words);
  readonly error = this.log;
  readonly warn = this.log;
  readonly debug = this.log;
  readonly verbose = this.log;
  readonly fatal = this.log;

  private keep(words: unknown[]): void {
    this.lines.push(words.map((word) => everything(word)).join(' '));
  }
}

function everything(subject: unknown): string {
  const seen = inspect(subject, {
    depth: 12,
    maxArrayLength: null,
    maxStringLength: null,
    getters: true,
  });
  const error = subject instanceof Error ? `${subject.message} ${String(subject.stack)}` : '';
  return `${seen} ${error} ${String(subject)}`;
}

function secretsIn(subject: unknown): string[] {
  const text = everything(subject);
  return HIDDEN.filter((word) => text.includes(word));
}

describe('Passwords, keys, values and owners', () => {
  const harness = Harness.useServer();
  let proxy: TcpProxy;
  let connectionString: string;
  const logger = new KeepingLogger();

  beforeAll(async () => {
    proxy = await TcpProxy.before(harness);
    await harness.sql(`CREATE ROLE app LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
    const url = new URL(proxy.url(harness.url));
    url.username = 'app';
    url.password = PASSWORD;
    connectionString = url.href;
  });

  afterAll(() => {
    expect(logger.lines.filter((line) => HIDDEN.some((word) => line.includes(word)))).toEqual([]);
  });

  const connections = (): Array<[string, string | pg.PoolConfig]> => {
    const { username, password, hostname, port } = new URL(connectionString);
    const parts = {
      user: username,
      password,
      host: hostname,
      port: Number(port),
      database: 'postgres',
    };
    return [
      ['a string', connectionString],
      ['an object with a string', { connectionString }],
      ['parts', parts],
    ];
  };

  it('do not show when the store, the pool or the cleanup are inspected, idle or at work', async () => {
    for (const [how, connection] of connections()) {
      const { app, store, cleanup, close } = await startStore({ connection }, logger);
      const parts = [store, store.namespace(KEY), app.get(getSessionPoolToken()), cleanup];
      for (const part of parts) expect([how, secretsIn(part)]).toEqual([how, []]);
      await store.set(KEY, VALUE, { owner: OWNER });
      proxy.delay(50);
      const calls = [store.get(KEY), store.set(KEY, VALUE, { owner: OWNER }), store.increment(KEY)];
      expect([how, secretsIn(store)]).toEqual([how, []]);
      await Promise.allSettled(calls);
      await proxy.heal();
      await close();
    }
  });

  it('do not show in errors of calls that fail: by arguments, data, timeouts or connections', async () => {
    const { store, close } = await startStore(
      { connection: connectionString, operationTimeout: 500 },
      logger,
    );
    await harness.sql(`ALTER TABLE celeris_sessions ADD CHECK (value <> '${VALUE}') NOT VALID`);
    const hostile = [
      () => store.set(`${KEY}\0`, VALUE),
      () => store.set(KEY.repeat(100), VALUE),
      () => store.set(KEY, VALUE, { ttl: Number.NaN }),
      () => store.set(KEY, VALUE, { owner: OWNER }),
      () =>
        store.setMany(
          [
            [KEY, VALUE],
            ['other', VALUE],
          ],
          { owner: OWNER },
        ),
      () => store.setIfAbsent(`${KEY}-2`, VALUE, { owner: OWNER }),
      () => store.setIfPresent(KEY, VALUE, { owner: OWNER }),
      () => store.move(KEY, `${KEY}-3`, VALUE, { owner: OWNER }),
      () => collect(store.scanEntries({ owner: OWNER })),
      () => store.count({ prefix: KEY }),
      () => store.compareAndSet(KEY, VALUE, VALUE),
      () => store.increment(KEY),
    ];
    await store.set(KEY, 'before');
    const failures = await settleAll(hostile);
    const holder = await harness.connect();
    await holder.query('BEGIN; LOCK TABLE celeris_sessions');
    failures.push(...(await settleAll(hostile.slice(3))));
    await holder.query('COMMIT');
    proxy.refuse();
    failures.push(...(await settleAll(hostile.slice(3))));
    await proxy.heal();
    const told = failures.filter(({ error }) => error !== undefined);
    expect(told.length).toBeGreaterThan(15);
    for (const { error } of told)
      expect([String(error), secretsIn(error)]).toEqual([String(error), []]);
    await close();
    const closed = await settle(() => store.get(KEY));
    expect(secretsIn(closed.error)).toEqual([]);
  });

  it('do not show in the error of an application that cannot boot', async () => {
    const wrong = new URL(connectionString);
    wrong.pathname = '/nowhere';
    const absent = new URL(connectionString);
    absent.port = '1';
    const bad = 'postgresql://app:' + PASSWORD + '@[bad';
    for (const connection of [wrong.href, absent.href, bad]) {
      const failed = await settle(() =>
        startStore({ connection, retryAttempts: 1, retryDelay: 20 }, logger),
      );
      expect(failed.error).toBeInstanceOf(Error);
      expect(secretsIn(failed.error)).toEqual([]);
    }
    const both = { connection: connectionString, pool: new pg.Pool() };
    const refused = await settle(() => startStore(both, logger));
    expect(secretsIn(refused.error)).toEqual([]);
  });

  it('do not show in the log of a sweep that fails', async () => {
    const { cleanup, close } = await startStore({ connection: connectionString }, logger);
    await harness.sql(
      `INSERT INTO celeris_sessions (id, value, expires_at) VALUES ($1, 'x', now() - interval '1 day')`,
      [`${KEY}-old`],
    );
    await harness.sql(`
      CREATE TABLE pointing (id text COLLATE "C" REFERENCES celeris_sessions (id));
      INSERT INTO pointing VALUES ('${KEY}-old')`);
    const failed = await settle(() => cleanup.sweep());
    expect(failed.error).toBeInstanceOf(Error);
    expect(secretsIn(failed.error)).toEqual([]);
    await close();
  });
});
