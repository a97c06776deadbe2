import { describe, expect, it } from '@jest/globals';
import { type DynamicModule, Injectable, Scope } from '@nestjs/common';
import { LazyModuleLoader, REQUEST } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { Client, Pool } from 'pg';
import {
  getSessionSchemaSql,
  type PostgresSessionError,
  PostgresSessionModule,
  type PostgresSessionModuleOptions,
  PostgresSessionStore,
} from '../../lib/index.js';
import { anything } from '../conformance/helpers.js';
import { storeOf } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('PostgresSessionModule', () => {
  const harness = Harness.use();

  function settings(more: object = {}): PostgresSessionModuleOptions {
    return { connection: harness.url, tableName: harness.table(), cleanup: false, ...more };
  }

  /** Starts an application of what is registered, and resolves to why that was refused. */
  async function refusalOf(register: () => DynamicModule): Promise<PostgresSessionError> {
    const start = async () => harness.start({ imports: [ScheduleModule.forRoot(), register()] });
    const error = await ownFailureOf(start());
    expect(error.code).toBe('ERR_INVALID_OPTION');
    return error;
  }

  const async = (given: unknown) => () => PostgresSessionModule.forRootAsync(anything(given));
  const useFactory = () => settings();

  it.each([
    ['tableName', 'sessions'],
    ['connection', 'postgres://ann:sekret@127.0.0.1/db'],
    ['cleanup', false],
    ['retryWrites', false],
  ])('refuses an option of the store beside a factory: %s', async (name, value) => {
    const { message } = await refusalOf(async({ useFactory, [name]: value }));
    expect(message).toMatch(new RegExp(`\`${name}\`.*factory`));
    expect(message).not.toContain('sekret');
  });

  it('takes one that is undefined beside a factory for one that is not given', async () => {
    const session = async({ useFactory, schema: undefined, name: undefined })();
    const app = await harness.start({ imports: [ScheduleModule.forRoot(), session] });
    await storeOf(app).set('k', 'v');
  });

  it.each(['tabelName', 'global', 'scope', 'providers'])(
    'refuses what nobody knows beside a factory: %s',
    async (name) => {
      const { message } = await refusalOf(async({ useFactory, [name]: true }));
      expect(message).toContain(`"${name}"`);
      expect(message).toMatch(/isGlobal/);
    },
  );

  it('refuses `global`, and knows how it is called', async () => {
    const register = () => PostgresSessionModule.forRoot(settings({ global: true }));
    expect((await refusalOf(register)).message).toMatch(/"global".*isGlobal/);
  });

  it.each(['name', 'isGlobal'])('refuses a factory that answers `%s`', async (name) => {
    class Factory {
      createPostgresSessionOptions() {
        return settings({ [name]: true });
      }
    }
    for (const way of [{ useFactory: () => settings({ [name]: true }) }, { useClass: Factory }]) {
      const { message } = await refusalOf(async(way));
      expect(message).toMatch(new RegExp(`\`${name}\`.*forRootAsync`));
    }
  });

  it.each([undefined, null, 'postgres://ann:sekret@127.0.0.1/db', 7])(
    'refuses to be registered with %p in the place of options',
    async (given) => {
      for (const register of [
        () => PostgresSessionModule.forRoot(anything(given)),
        async(given),
        async({ useFactory: () => given }),
      ]) {
        const { message } = await refusalOf(register);
        expect(message).toContain('`options`');
        expect(message).not.toContain('sekret');
      }
    },
  );

  it.each([
    ['none', {}, /useFactory.*useClass.*useExisting/],
    ['a factory that is none', { useFactory: settings }, /`useFactory`.*function/],
    ['a class that is none', { useClass: {} }, /`useClass`.*class/],
    ['two', { useFactory, useClass: class {} }, /one of.*useFactory and useClass are given/],
    [
      'a class without the method',
      { useClass: class {} },
      /`useClass`.*createPostgresSessionOptions/,
    ],
  ])('needs one way to its options, and refuses %s', async (_, given, fault) => {
    const wrong =
      'useFactory' in given && given.useFactory === settings ? { useFactory: {} } : given;
    expect((await refusalOf(async(wrong))).message).toMatch(fault);
  });

  it.each(['imports', 'inject', 'extraProviders'])(
    'refuses what is no list as `%s`',
    async (name) => {
      const { message } = await refusalOf(async({ useFactory, [name]: 'one' }));
      expect(message).toMatch(new RegExp(`\`${name}\`.*array`));
    },
  );

  it.each([null, 'sessions', ['sessions']])('refuses %p as the options of its DDL', (given) => {
    expect(() => getSessionSchemaSql(anything(given))).toThrow(/`options`.*schema.*tableName/);
  });

  it.each(['default', '', 7, null])('refuses %p as the name of a store', async (name) => {
    for (const register of [
      () => PostgresSessionModule.forRoot(settings({ name })),
      async({ name, useFactory }),
    ]) {
      expect((await refusalOf(register)).message).toMatch(/`name`.*"default"/);
    }
  });

  it.each(['true', 1, null])('refuses %p as `isGlobal`', async (isGlobal) => {
    for (const register of [
      () => PostgresSessionModule.forRoot(settings({ isGlobal })),
      async({ isGlobal, useFactory }),
    ]) {
      expect((await refusalOf(register)).message).toMatch(/`isGlobal`.*true or false/);
    }
  });

  it.each([
    ['a string', () => 'postgres://ann:sekret@127.0.0.1/db', /a string/],
    ['a promise', () => Promise.resolve(new Pool()), /promise.*awaited/],
    ['a client', () => new Client(), /class \w*Client/],
    ['an object without the settings of a pool', () => methodsOf(new Pool()), /an object/],
    ['null', () => null, /null/],
  ])('refuses a pool that is %s', async (_, pool, shown) => {
    const register = () => PostgresSessionModule.forRoot({ pool: anything(pool()) });
    const { message } = await refusalOf(register);
    expect(message).toMatch(/`pool`.*pg\.Pool/);
    expect(message).toMatch(shown);
    expect(message).not.toContain('sekret');
  });

  it.each([
    ['a pool', () => new Pool(), /class \w*Pool.*`pool`/],
    ['a promise', () => Promise.resolve('postgres://127.0.0.1'), /promise.*awaited/],
    ['null', () => null, /null/],
  ])('refuses a connection that is %s', async (_, connection, shown) => {
    const register = () => PostgresSessionModule.forRoot({ connection: anything(connection()) });
    expect((await refusalOf(register)).message).toMatch(shown);
  });

  it('asks for the environment variable if the connection is undefined', async () => {
    const register = () => PostgresSessionModule.forRoot({ connection: undefined });
    expect((await refusalOf(register)).message).toMatch(/`connection` is undefined.*environment/);
  });

  it.each([
    ['operationTimeout', '5000', /whole number.*string.*Number/],
    ['retryDelay', ' 10 ', /whole number.*string.*Number/],
    ['cleanup', { batchSize: '100' }, /cleanup\.batchSize.*string.*Number/],
    ['cleanup', 'false', /false or \{.*string.*=== 'true'/],
    ['preparedStatements', 'false', /true or false.*string.*=== 'true'/],
    ['skipSchemaInit', 'true', /true or false.*string.*=== 'true'/],
  ])('says that a value of the environment is to be converted: %s', async (name, value, hint) => {
    const register = () => PostgresSessionModule.forRoot(settings({ [name]: value }));
    expect((await refusalOf(register)).message).toMatch(hint);
  });
});

/** What a pool can do, without its settings. */
function methodsOf(pool: Pool): object {
  const names = ['connect', 'query', 'on', 'off', 'end', 'totalCount'];
  return Object.fromEntries(names.map((name) => [name, Reflect.get(pool, name)]));
}

describe('A store whose registration failed', () => {
  const harness = Harness.use();

  const good = () =>
    PostgresSessionModule.forRoot({ connection: harness.url, tableName: harness.table() });
  const bad = () => PostgresSessionModule.forRoot({ connection: harness.url, tableName: 'a b' });
  const unreadable = () =>
    PostgresSessionModule.forRoot({
      connection: `${harness.url}&sslmode=verify-full&sslcert=/nowhere`,
    });

  it.each([
    ['an option was bad', bad],
    ['its pool could not be made', unreadable],
  ])('leaves its name to the corrected one, loaded lazily: %s', async (_, wrong) => {
    const app = await harness.start({ imports: [ScheduleModule.forRoot()] });
    const loader = app.get(LazyModuleLoader);
    const error = await ownFailureOf(loader.load(wrong));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    const store = (await loader.load(good)).get(PostgresSessionStore, { strict: false });
    await store.set('k', 'v');
    const second = await ownFailureOf(loader.load(good));
    expect(second.code).toBe('ERR_DUPLICATE_NAME');
  });

  it('leaves its name to the corrected one that waits for a scheduler', async () => {
    const app = await harness.start({});
    const loader = app.get(LazyModuleLoader);
    expect((await ownFailureOf(loader.load(good))).code).toBe('ERR_SCHEDULER_MISSING');
    const without = PostgresSessionModule.forRoot({ connection: harness.url, cleanup: false });
    await expect(loader.load(() => without)).resolves.toBeDefined();
  });

  it('is compiled again by a testing module once what failed works', async () => {
    let isReady = false;
    const builder = Test.createTestingModule({
      imports: [ScheduleModule.forRoot(), good()],
      providers: [
        {
          provide: 'SERVICE',
          useFactory: () => {
            if (!isReady) throw new Error('not yet');
            return 1;
          },
        },
      ],
    });
    await expect(builder.compile()).rejects.toThrow('not yet');
    isReady = true;
    const app = await builder.compile();
    await app.init();
    harness.onEnd(() => app.close());
    await storeOf(app).set('k', 'v');
  });
});

describe('Options that depend on the request', () => {
  const harness = Harness.use();

  @Injectable({ scope: Scope.REQUEST })
  class OfRequest {
    createPostgresSessionOptions(): PostgresSessionModuleOptions {
      return { connection: harness.url };
    }
  }

  @Injectable({ scope: Scope.TRANSIENT })
  class Transient {
    createPostgresSessionOptions(): PostgresSessionModuleOptions {
      return { connection: harness.url, tableName: harness.table() };
    }
  }

  @Injectable({ scope: Scope.TRANSIENT })
  class TransientOfRequest extends Transient {
    constructor(readonly request: OfRequest) {
      super();
    }
  }

  const extraProviders = [OfRequest, TransientOfRequest, Transient];
  const useFactory = () => ({ connection: harness.url });

  it.each([
    ['the request itself', { inject: [REQUEST], useFactory }],
    ['a provider of the request', { inject: [OfRequest], extraProviders, useFactory }],
    ['a transient one that needs it', { inject: [TransientOfRequest], extraProviders, useFactory }],
    ['a class', { useClass: OfRequest }],
    ['a transient class', { useClass: TransientOfRequest, extraProviders: [OfRequest] }],
    ['an existing class', { useExisting: OfRequest, extraProviders }],
  ])('are refused at the start, and say so: %s', async (_, given) => {
    const session = PostgresSessionModule.forRootAsync(given);
    const error = await ownFailureOf(
      harness.start({ imports: [ScheduleModule.forRoot(), session] }),
    );
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('cannot depend on the request');
  });

  it('are refused at the first use of a store that was loaded lazily', async () => {
    const app = await harness.start({});
    const session = PostgresSessionModule.forRootAsync({ useClass: OfRequest });
    const loaded = await app.get(LazyModuleLoader).load(() => session);
    const error = await ownFailureOf(loaded.resolve(PostgresSessionStore));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('cannot depend on the request');
  });

  it('are none if their class is transient', async () => {
    const session = PostgresSessionModule.forRootAsync({ useClass: Transient });
    const app = await harness.start({ imports: [ScheduleModule.forRoot(), session] });
    await storeOf(app).set('k', 'v');
  });
});
