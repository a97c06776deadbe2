import { describe, expect, it } from '@jest/globals';
import { type DynamicModule, Global, Inject, Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { Pool } from 'pg';
import {
  getSessionPoolToken,
  PostgresSessionCleanupService,
  PostgresSessionModule,
  PostgresSessionStore,
} from '../../lib/index.js';
import { type StoreOptions, storeOf } from '../support/app.js';
import { collect } from '../conformance/helpers.js';
import { Harness } from '../support/harness.js';

const harness = Harness.use();

function sessions(options: StoreOptions = {}): DynamicModule {
  const target = { connection: harness.url, tableName: harness.table() };
  return PostgresSessionModule.forRoot({ ...target, cleanup: false, ...options });
}

/** A module that was put together and not initialised. */
async function compiled(options: StoreOptions = {}) {
  const module = await Test.createTestingModule({ imports: [sessions(options)] }).compile();
  const store = module.get(PostgresSessionStore);
  harness.onEnd(() => store.close());
  return { module, store };
}

describe('The first call of a store', () => {
  it('starts it in a testing module that was compiled and not initialised', async () => {
    const { store } = await compiled();
    await store.set('key', 'value');
    expect((await store.get('key'))?.toString()).toBe('value');
  });

  it('starts it once, however many calls are made meanwhile', async () => {
    const phases: string[] = [];
    const { module, store } = await compiled({ phaseHook: (phase) => phases.push(phase) });
    const calls = Array.from({ length: 100 }, (_, n) => store.increment(`count ${n}`));
    expect(await Promise.all(calls)).toEqual(calls.map(() => 1));
    await module.init();
    expect(phases.filter((phase) => phase === 'ensure_schema:begin_tx')).toHaveLength(1);
  });

  it('starts it in an application that seeds before it listens', async () => {
    const tableName = harness.table();
    const app = await NestFactory.create(sessions({ tableName }), { logger: false });
    harness.onEnd(() => app.close());
    await storeOf(app).setMany([['seed', 'sown']]);
    await app.listen(0, '127.0.0.1');
    expect((await storeOf(app).get('seed'))?.toString()).toBe('sown');
    expect(await harness.sql(`SELECT FROM ${tableName}`)).toHaveLength(1);
  });

  it('starts it in a module that is loaded lazily, whose hooks do not run', async () => {
    const app = await harness.start({});
    const lazy = await app.get(LazyModuleLoader).load(() => sessions());
    const store = lazy.get(PostgresSessionStore);
    harness.onEnd(() => store.close());
    await store.set('key', 'value');
    expect((await store.get('key'))?.toString()).toBe('value');
  });

  it('starts it for a global module around it, which is initialised first', async () => {
    @Injectable()
    class Seeder {
      constructor(@Inject(PostgresSessionStore) private readonly store: PostgresSessionStore) {}

      async onModuleInit(): Promise<void> {
        await this.store.set('seed', 'sown');
      }
    }
    // Nest initialises global modules first, before what they import.
    @Global()
    @Module({ imports: [sessions()], providers: [Seeder], exports: [PostgresSessionModule] })
    class GlobalSessions {}
    const app = await harness.start({ imports: [GlobalSessions] });
    expect((await storeOf(app).get('seed'))?.toString()).toBe('sown');
  });

  it('starts it if it is a sweep or a scan', async () => {
    const [swept, scanned] = [await compiled(), await compiled()];
    const report = await swept.module.get(PostgresSessionCleanupService).sweep();
    expect(report).toMatchObject({ deleted: 0, skipped: false });
    expect(await collect(scanned.store.scan(''))).toEqual([]);
  });

  it('is not made by closing a store, which then connects to nothing', async () => {
    const { module, store } = await compiled();
    const pool = module.get<Pool>(getSessionPoolToken());
    let connections = 0;
    pool.on('connect', () => (connections += 1));
    await store.close();
    expect(connections).toBe(0);
    expect(pool.ended).toBe(true);
    await expect(store.get('key')).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' });
  });
});

describe('Calls that are made before a store has started', () => {
  it('take effect in the order they were made, with those behind them', async () => {
    const late: Array<Promise<unknown>> = [];
    const { store } = await compiled({
      // The last phase: the store has started as soon as this turn is over.
      phaseHook: (phase) => {
        if (phase === 'ensure_schema:done') late.push(store.set('key', 'last'));
      },
    });
    const early = [
      store.set('a:1', 'x'),
      store.deletePrefix('a:'),
      store.set('a:2', 'x'),
      ...Array.from({ length: 50 }, (_, n) => store.set('key', String(n))),
    ];
    const seen = store.get('key');
    await Promise.all(early);
    await Promise.all(late);
    expect(late).toHaveLength(1);
    expect((await seen)?.toString()).toBe('49');
    expect((await store.get('key'))?.toString()).toBe('last');
    expect([...(await store.getMany(['a:1', 'a:2'])).keys()]).toEqual(['a:2']);
  });

  it('are refused if the store is closed meanwhile', async () => {
    const { store } = await compiled();
    const calls = [store.get('key'), store.set('key', 'value'), store.deletePrefix('')];
    const settled = Promise.allSettled(calls);
    await store.close();
    for (const end of await settled) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE_CLOSED' } });
    }
  });
});
