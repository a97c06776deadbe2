import { describe, expect, it } from '@jest/globals';
import { Global, Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import type { Pool } from 'pg';
import {
  getSessionCleanupToken,
  getSessionPoolToken,
  getSessionStoreToken,
  InjectSessionStore,
  type KeyValueStore,
  PostgresSessionCleanupService,
  PostgresSessionModule,
  PostgresSessionStore,
} from '../../lib/index.js';
import { InMemorySessionStore, overrideSessionStore } from '../../lib/testing/index.js';
import { anything, bytes } from '../conformance/helpers.js';

/** Nobody listens there, and a connection is not tried. */
const NOWHERE = 'postgres://127.0.0.1:1/none';

@Injectable()
class Greetings {
  constructor(
    private readonly store: PostgresSessionStore,
    private readonly cleanup: PostgresSessionCleanupService,
    @Inject(getSessionPoolToken()) readonly pool: Pool,
  ) {}

  async remember(name: string): Promise<string | undefined> {
    await this.store.set('name', name, { ttl: 60_000 });
    return (await this.store.get('name'))?.toString();
  }

  sweep() {
    return this.cleanup.sweep();
  }
}

function appModule(imports: DynamicModule[], providers: Type[] = [Greetings]): Type {
  @Module({ imports, providers })
  class AppModule {}
  return AppModule;
}

const boot = (
  imports: DynamicModule[],
  override: (builder: TestingModuleBuilder) => void,
  providers?: Type[],
): Promise<TestingModule> => {
  const builder = Test.createTestingModule({ imports: [appModule(imports, providers)] });
  override(builder);
  return builder.compile().then((app) => app.init());
};

const storeOnPostgres = (): DynamicModule => PostgresSessionModule.forRoot({ connection: NOWHERE });

describe('overrideSessionStore', () => {
  const applications: [string, () => DynamicModule[]][] = [
    ['with a scheduler', () => [ScheduleModule.forRoot(), storeOnPostgres()]],
    ['without a scheduler', () => [storeOnPostgres()]],
    [
      'whose connection string is not set',
      () => [PostgresSessionModule.forRoot({ connection: undefined })],
    ],
    [
      'whose options are asked for by a factory that cannot answer here',
      () => [
        PostgresSessionModule.forRootAsync({
          useFactory: () => {
            throw new Error('DATABASE_URL is not set');
          },
        }),
      ],
    ],
    [
      'whose store is global',
      () => [PostgresSessionModule.forRoot({ connection: NOWHERE, isGlobal: true })],
    ],
  ];

  it.each(applications)('boots an application %s in less than a second', async (_, imports) => {
    const begun = performance.now();
    let store: InMemorySessionStore | undefined;
    const app = await boot(imports(), (builder) => (store = overrideSessionStore(builder)));
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(await app.get(Greetings).remember('Ada')).toBe('Ada');
    expect(await store?.get('name')).toEqual(bytes('Ada'));
    expect(app.get(PostgresSessionStore, { strict: false })).toBe(store);
    await app.close();
  });

  it('leaves no cleanup job, and sweep deletes what has expired', async () => {
    let store: InMemorySessionStore | undefined;
    const app = await boot([ScheduleModule.forRoot(), storeOnPostgres()], (builder) => {
      store = overrideSessionStore(builder);
    });
    expect([...app.get(SchedulerRegistry, { strict: false }).getCronJobs().keys()]).toEqual([]);
    await app.get(Greetings).remember('Ada');
    store?.advance(60_000);
    const report = { batches: 1, skipped: false, durationMs: expect.any(Number) };
    expect(await app.get(Greetings).sweep()).toEqual({ ...report, deleted: 1 });
    expect(await app.get(Greetings).sweep()).toEqual({ ...report, batches: 0, deleted: 0 });
    await app.close();
  });

  it('gives a pool that says why it runs no query', async () => {
    const app = await boot([storeOnPostgres()], (builder) => overrideSessionStore(builder));
    const { pool } = app.get(Greetings);
    pool.on('error', () => undefined);
    await expect(pool.query('SELECT 1')).rejects.toThrow(/overrideSessionStore/);
    await expect(pool.connect()).rejects.toThrow(/overrideSessionStore/);
    await app.close();
  });

  it('replaces named stores, each by one of its own or by the one given', async () => {
    @Injectable()
    class Tokens {
      constructor(
        @InjectSessionStore() readonly sessions: KeyValueStore,
        @InjectSessionStore('tokens') readonly tokens: KeyValueStore,
      ) {}
    }
    const given = new InMemorySessionStore();
    const imports = [
      storeOnPostgres(),
      PostgresSessionModule.forRoot({ name: 'tokens', connection: NOWHERE, cleanup: {} }),
    ];
    let sessions: InMemorySessionStore | undefined;
    const app = await boot(
      imports,
      (builder) => {
        sessions = overrideSessionStore(builder);
        expect(overrideSessionStore(builder, { name: 'tokens', store: given })).toBe(given);
      },
      [Tokens],
    );
    expect(app.get(Tokens)).toMatchObject({ sessions, tokens: given });
    expect(app.get(getSessionStoreToken('tokens'), { strict: false })).toBe(given);
    expect(app.get(getSessionCleanupToken('tokens'), { strict: false })).toHaveProperty('sweep');
    await app.close();
  });

  it('is seen by every module that the store is global for', async () => {
    @Global()
    @Module({ imports: [storeOnPostgres()], exports: [PostgresSessionModule] })
    class StoreModule {}
    @Module({ imports: [StoreModule, appModule([{ module: class Feature {}, providers: [] }])] })
    class AppModule {}
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const store = overrideSessionStore(builder);
    const app = await builder.compile();
    expect(await app.get(Greetings, { strict: false }).remember('Ada')).toBe('Ada');
    expect(await store.get('name')).toEqual(bytes('Ada'));
    await app.close();
  });

  it('keeps the entries when the application closes', async () => {
    let store: InMemorySessionStore | undefined;
    const app = await boot([storeOnPostgres()], (builder) => {
      store = overrideSessionStore(builder);
    });
    await app.get(Greetings).remember('Ada');
    await app.close();
    expect(await store?.get('name')).toEqual(bytes('Ada'));
  });

  it.each([
    [{ nam: 'tokens' }, /no option "nam". Known are name, store/],
    [{ name: 5 }, /name must be a string, not number/],
    [{ store: new Map() }, /store must be an InMemorySessionStore/],
    ['tokens', /options of overrideSessionStore must be an object, not string/],
  ])('refuses the options %j', (options, message) => {
    const builder = Test.createTestingModule({});
    expect(() => overrideSessionStore(builder, anything(options))).toThrow(message);
  });
});
