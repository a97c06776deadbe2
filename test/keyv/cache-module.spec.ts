import { setTimeout as rest } from 'node:timers/promises';
import { CACHE_MANAGER, CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  UseInterceptors,
} from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Cache } from 'cache-manager';
import { describe, expect, it } from '@jest/globals';
import { KeyvPostgresSession } from '../../lib/adapters/keyv.js';
import { PostgresSessionModule, PostgresSessionStore } from '../../lib/index.js';
import { collect } from '../conformance/helpers.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';

const harness = Harness.use();

@Controller('prices')
@UseInterceptors(CacheInterceptor)
class PricesController {
  static asked = 0;

  @Get(':name')
  price(@Param('name') name: string) {
    PricesController.asked += 1;
    return { name, asked: PricesController.asked };
  }
}

const postgres = () =>
  PostgresSessionModule.forRootAsync({
    isGlobal: true,
    useFactory: () => ({ connection: harness.url, cleanup: false }),
  });

const caching = (namespace?: string) =>
  CacheModule.registerAsync({
    inject: [PostgresSessionStore],
    useFactory: (store: PostgresSessionStore) => ({
      stores: [new KeyvPostgresSession(store)],
      namespace,
      ttl: 60_000,
    }),
  });

async function start(
  module: Type,
): Promise<{ app: INestApplication; store: PostgresSessionStore }> {
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  harness.onEnd(() => app.close());
  await app.listen(0, '127.0.0.1');
  const store = app.get(PostgresSessionStore, { strict: false });
  await store.deletePrefix('');
  return { app, store };
}

describe('the CacheModule of Nest on KeyvPostgresSession', () => {
  @Module({ imports: [postgres(), caching()], controllers: [PricesController] })
  class AppModule {}

  it('answers the second request from the cache', async () => {
    const { app, store } = await start(AppModule);
    const ask = async (name: string) => {
      const response = await fetch(`${await app.getUrl()}/prices/${name}`);
      return { body: await response.text(), cache: response.headers.get('x-cache') };
    };
    PricesController.asked = 0;
    expect(await ask('apple')).toEqual({ body: '{"name":"apple","asked":1}', cache: 'MISS' });
    await waitFor(async () => (await store.get('keyv:/prices/apple')) !== undefined, {
      what: 'the cached answer',
    });
    expect(await ask('apple')).toEqual({ body: '{"name":"apple","asked":1}', cache: 'HIT' });
    expect(PricesController.asked).toBe(1);
    expect((await ask('pear')).body).toBe('{"name":"pear","asked":2}');
  });

  it('serves a URL that is longer than a key may be, uncached', async () => {
    const { app, store } = await start(AppModule);
    PricesController.asked = 0;
    const url = `${await app.getUrl()}/prices/${'k'.repeat(1_100)}`;
    for (const asked of [1, 2]) {
      expect(await (await fetch(url)).json()).toMatchObject({ asked });
    }
    expect(await collect(store.scan(''))).toEqual([]);
  });

  it('sets, gets, deletes and clears by its manager, and leaves the sessions', async () => {
    const { app, store } = await start(AppModule);
    const cache = app.get<Cache>(CACHE_MANAGER);
    await store.set('session:1', 'signed in');
    await cache.mset([{ key: 'a', value: 1 }, { key: 'b', value: 2, ttl: 30_000 }]); // prettier-ignore
    expect(await cache.mget(['b', 'none', 'a'])).toEqual([2, undefined, 1]);
    expect(await cache.ttl('b')).toBeGreaterThan(Date.now() + 20_000);
    expect((await store.getEntry('keyv:b'))?.expiresIn).toBeLessThanOrEqual(30_000);
    await cache.mdel(['a']);
    expect(await cache.get('a')).toBeUndefined();
    expect(await collect(store.scan(''))).toEqual(['keyv:b', 'session:1']);
    await cache.clear();
    expect(await collect(store.scan(''))).toEqual(['session:1']);
  });

  it('wraps a function, and refreshes behind the answer', async () => {
    const { app } = await start(AppModule);
    const cache = app.get<Cache>(CACHE_MANAGER);
    let made = 0;
    const make = async () => ++made;
    const wrap = () => cache.wrap('w', make, { ttl: 2_000, refreshThreshold: 1_900 });
    expect([await wrap(), await wrap()]).toEqual([1, 1]);
    // Less than the threshold is left: the old answer is given once more, and a new one is made.
    await rest(300);
    expect(await wrap()).toBe(1);
    await waitFor(async () => (await cache.get('w')) === 2, { what: 'the refreshed value' });
    expect(made).toBe(2);
  });

  it('keeps two modules with two namespaces apart', async () => {
    @Injectable()
    class Fruit {
      constructor(@Inject(CACHE_MANAGER) readonly cache: Cache) {}
    }
    @Injectable()
    class Roots {
      constructor(@Inject(CACHE_MANAGER) readonly cache: Cache) {}
    }
    @Module({ imports: [caching('fruit')], providers: [Fruit] })
    class FruitModule {}
    @Module({ imports: [caching('roots')], providers: [Roots] })
    class RootsModule {}
    @Module({ imports: [postgres(), FruitModule, RootsModule] })
    class TwoModule {}
    const { app, store } = await start(TwoModule);
    const [fruit, roots] = [app.get(Fruit, { strict: false }), app.get(Roots, { strict: false })];
    await fruit.cache.set('a', 'apple');
    await roots.cache.set('a', 'beet');
    expect(await collect(store.scan(''))).toEqual(['keyv:fruit:a', 'keyv:roots:a']);
    await fruit.cache.clear();
    expect([await fruit.cache.get('a'), await roots.cache.get('a')]).toEqual([undefined, 'beet']);
  });

  it('answers every request that is under way when the application closes', async () => {
    const { app } = await start(AppModule);
    const url = await app.getUrl();
    PricesController.asked = 0;
    const answers = Array.from({ length: 50 }, (_, i) =>
      fetch(`${url}/prices/p${i}`, { headers: { connection: 'close' } }),
    );
    await waitFor(() => PricesController.asked > 0, { what: 'a request' });
    const closed = app.close();
    const settled = await Promise.allSettled(answers);
    await closed;
    const statuses = settled.flatMap((end) =>
      end.status === 'fulfilled' ? [end.value.status] : [],
    );
    expect(statuses.length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });
});
