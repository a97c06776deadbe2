import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type DynamicModule } from '@nestjs/common';
import { Pool } from 'pg';
import {
  getSessionCleanupToken,
  getSessionStoreToken,
  PostgresSessionCleanupService,
  PostgresSessionModule,
  type PostgresSessionModuleOptions,
  type PostgresSessionOptionsFactory,
  PostgresSessionStore,
} from '../../lib/index.js';
import { failureOf, ownFailureOf } from '../support/failures.js';
import { Consumer, consumerOf, feature, NamedConsumer } from './support/consumers.js';
import { Harness } from '../support/harness.js';

const SETTINGS = Symbol('settings');

@Injectable()
class SettingsFactory implements PostgresSessionOptionsFactory {
  constructor(@Inject(SETTINGS) private readonly settings: PostgresSessionModuleOptions) {}

  createPostgresSessionOptions(): PostgresSessionModuleOptions {
    return this.settings;
  }
}

@Injectable()
class SlowSettingsFactory implements PostgresSessionOptionsFactory {
  constructor(@Inject(SETTINGS) private readonly settings: PostgresSessionModuleOptions) {}

  createPostgresSessionOptions(): Promise<PostgresSessionModuleOptions> {
    return Promise.resolve(this.settings);
  }
}

describe('PostgresSessionModule', () => {
  const harness = Harness.use();

  function settings(): PostgresSessionModuleOptions {
    return { connection: harness.url, tableName: harness.table() };
  }

  /** The module that hands the settings on to factories. */
  function settingsModule(options: PostgresSessionModuleOptions): DynamicModule {
    class SettingsModule {}
    return {
      module: SettingsModule,
      providers: [{ provide: SETTINGS, useValue: options }, SettingsFactory],
      exports: [SETTINGS, SettingsFactory],
    };
  }

  async function works(session: DynamicModule): Promise<void> {
    const { byClass: store } = await consumerOf(harness, Consumer, [feature(Consumer, [session])]);
    await store.set('key', 'value', { ttl: 60_000 });
    expect(await store.get('key')).toEqual(Buffer.from('value'));
  }

  it('gives the unnamed store, its pool and its cleanup under class and token', async () => {
    const session = PostgresSessionModule.forRoot(settings());
    const consumer = await consumerOf(harness, Consumer, [feature(Consumer, [session])]);
    expect(consumer.byClass).toBeInstanceOf(PostgresSessionStore);
    expect(consumer.byDecorator).toBe(consumer.byClass);
    expect(consumer.byToken).toBe(consumer.byClass);
    expect(consumer.pool).toBeInstanceOf(Pool);
    expect(consumer.cleanup).toBeInstanceOf(PostgresSessionCleanupService);
    expect(consumer.cleanupByToken).toBe(consumer.cleanup);
    expect(getSessionStoreToken()).toBe(PostgresSessionStore);
    expect(getSessionCleanupToken()).toBe(PostgresSessionCleanupService);
  });

  it('gives a named store under its tokens', async () => {
    const session = PostgresSessionModule.forRoot({ ...settings(), name: 'users' });
    const consumer = await consumerOf(harness, NamedConsumer, [feature(NamedConsumer, [session])]);
    expect(consumer.store).toBeInstanceOf(PostgresSessionStore);
    expect(consumer.cleanup).toBeInstanceOf(PostgresSessionCleanupService);
    expect(consumer.pool).toBeInstanceOf(Pool);
  });

  it('hands out the pool of the application where it was given one', async () => {
    const pool = harness.pool();
    const session = PostgresSessionModule.forRoot({ pool, tableName: harness.table() });
    const consumer = await consumerOf(harness, Consumer, [feature(Consumer, [session])]);
    expect(consumer.pool).toBe(pool);
  });

  it('takes a connection string and the settings of a pool', async () => {
    await works(PostgresSessionModule.forRoot(settings()));
    const connection = { connectionString: harness.url, max: 3 };
    const session = PostgresSessionModule.forRoot({ connection, tableName: harness.table() });
    const { pool } = await consumerOf(harness, Consumer, [feature(Consumer, [session])]);
    expect(pool.options.max).toBe(3);
  });

  it('takes options from useFactory, with inject and imports', async () => {
    await works(
      PostgresSessionModule.forRootAsync({
        imports: [settingsModule(settings())],
        inject: [SETTINGS],
        useFactory: (options: PostgresSessionModuleOptions) => Promise.resolve(options),
      }),
    );
    await works(PostgresSessionModule.forRootAsync({ useFactory: () => settings() }));
  });

  it.each([SettingsFactory, SlowSettingsFactory])(
    'takes them from useClass: %p',
    async (factory) => {
      await works(
        PostgresSessionModule.forRootAsync({
          imports: [settingsModule(settings())],
          useClass: factory,
        }),
      );
    },
  );

  it('takes them from useExisting', async () => {
    await works(
      PostgresSessionModule.forRootAsync({
        imports: [settingsModule(settings())],
        useExisting: SettingsFactory,
      }),
    );
  });

  it('offers extraProviders to the factory', async () => {
    const extraProviders = [{ provide: SETTINGS, useValue: settings() }];
    await works(PostgresSessionModule.forRootAsync({ extraProviders, useClass: SettingsFactory }));
    await works(
      PostgresSessionModule.forRootAsync({
        extraProviders: [{ provide: SETTINGS, useValue: settings() }],
        inject: [SETTINGS],
        useFactory: (options: PostgresSessionModuleOptions) => options,
      }),
    );
  });

  it('needs one of the three', async () => {
    const register = async () => PostgresSessionModule.forRootAsync({});
    const error = await ownFailureOf(register());
    expect(error.code).toBe('ERR_INVALID_OPTION');
    for (const way of ['useFactory', 'useClass', 'useExisting']) {
      expect(error.message).toContain(way);
    }
  });

  it('does not start when the factory fails, and passes its error on', async () => {
    const fault = new Error('no settings today');
    const session = PostgresSessionModule.forRootAsync({ useFactory: () => Promise.reject(fault) });
    expect(await failureOf(harness.start({ imports: [session] }))).toBe(fault);
  });
});
