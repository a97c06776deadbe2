import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  type KeyValueStore,
  PostgresSessionModule,
  PostgresSessionStore,
  type SessionValue,
} from '../../lib/index.js';
import { everyCall } from '../conformance/store-calls.js';
import type { StoreOptions } from '../support/app.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';

const CALLERS = 100;
const context = new AsyncLocalStorage<string>();

/** Runs the work of many callers at once, each in a context of its own. */
function asCallers<T>(work: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(
    Array.from({ length: CALLERS }, (_, n) => context.run(`caller ${n}`, () => work(n))),
  );
}

const ofEachCaller = Array.from({ length: CALLERS }, (_, n) => `caller ${n}`);

describe('The asynchronous context of a caller', () => {
  const harness = Harness.use();

  async function startStore(options: StoreOptions = {}): Promise<KeyValueStore> {
    const { store } = await harness.startStore({ tableName: harness.table(), ...options });
    return store;
  }

  /** The contexts in which the function of an update ran. */
  async function contextsOfUpdate(store: KeyValueStore, key: string): Promise<unknown[]> {
    const contexts: unknown[] = [];
    const change = (): SessionValue => {
      contexts.push(context.getStore());
      return 'changed';
    };
    await store.update(key, change);
    return contexts;
  }

  it('is that of the function of update', async () => {
    const store = await startStore();
    await asCallers((n) => store.set(`key${n}`, 'value'));
    const seen = await asCallers((n) => contextsOfUpdate(store, `key${n}`));
    expect(seen).toEqual(ofEachCaller.map((caller) => [caller]));
  });

  it('is that of the function of update also if calls on one key wait for each other', async () => {
    const store = await startStore({ operationTimeout: false });
    await store.set('key', 'value');
    const seen = await asCallers(() => contextsOfUpdate(store, 'key'));
    expect(seen).toEqual(ofEachCaller.map((caller) => [caller]));
  });

  it('is that of the function of update also if it runs again', async () => {
    const tableName = harness.table();
    const store = await startStore({ tableName });
    await store.set('key', 'value');
    const rival = await harness.connect();
    await rival.query('BEGIN');
    await rival.query(`UPDATE ${tableName} SET value = 'of the rival'`);
    const update = context.run('caller', () => contextsOfUpdate(store, 'key'));
    await blockedBy(harness, rival);
    await rival.query('COMMIT');
    expect(await update).toEqual(['caller', 'caller']);
  });

  it.each(everyCall)('is kept behind %s', async (_, call) => {
    const store = await startStore({ operationTimeout: false });
    const seen = await asCallers(async () => {
      await call(store);
      return context.getStore();
    });
    expect(seen).toEqual(ofEachCaller);
  });

  it('is kept behind calls that fail or time out', async () => {
    const tableName = harness.table();
    const store = await startStore({ tableName, operationTimeout: 300 });
    const holder = await harness.connect();
    await holder.query(`BEGIN; LOCK TABLE ${tableName}`);
    const seen = await asCallers(async (n) => {
      const [{ status }] = await Promise.allSettled([store.get(`key${n % 10}`)]);
      return [status, context.getStore()];
    });
    expect(seen).toEqual(ofEachCaller.map((caller) => ['rejected', caller]));
    await holder.query('ROLLBACK');
  });

  /** A store that its first call starts. */
  async function unstarted(options: StoreOptions): Promise<PostgresSessionStore> {
    const sessions = PostgresSessionModule.forRoot({ cleanup: false, ...options });
    const module = await Test.createTestingModule({ imports: [sessions] }).compile();
    const store = module.get(PostgresSessionStore);
    harness.onEnd(() => store.close());
    return store;
  }

  it('is not that of phaseHook, which belongs to the application', async () => {
    const seen = new Set<unknown>();
    const options = {
      connection: harness.url,
      tableName: harness.table(),
      phaseHook: () => void seen.add(context.getStore()),
    };
    const store = await context.run('application', () => unstarted(options));
    await context.run('caller', () => store.get('key'));
    expect([...seen]).toEqual(['application']);
  });

  it('is not that of the function that gives the password', async () => {
    const seen = new Set<unknown>();
    const url = new URL(harness.url);
    const connection = {
      host: url.hostname,
      port: Number(url.port),
      user: url.username,
      database: url.pathname.slice(1),
      options: url.searchParams.get('options') ?? undefined,
      password: () => {
        seen.add(context.getStore());
        return decodeURIComponent(url.password);
      },
    };
    const options = { connection, tableName: harness.table() };
    const store = await context.run('application', () => unstarted(options));
    await asCallers((n) => store.get(`key${n}`));
    expect([...seen]).toEqual(['application']);
  });
});
