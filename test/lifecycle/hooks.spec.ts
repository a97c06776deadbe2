import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type INestApplicationContext } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { PostgresSessionModule, PostgresSessionStore } from '../../lib/index.js';
import { Harness } from '../support/harness.js';

@Injectable()
class Farewell {
  /** The test closes the application, and its harness once more; Nest 11 then runs the hooks again. */
  private hasLeft = false;

  constructor(@Inject(PostgresSessionStore) private readonly store: PostgresSessionStore) {}

  onModuleInit(): Promise<void> {
    return this.store.set('hello', 'from onModuleInit');
  }

  onModuleDestroy(): Promise<void> {
    return this.say('destroy', 'from onModuleDestroy');
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.say('before', 'from beforeApplicationShutdown');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.say('bye', 'from onApplicationShutdown');
    await this.say('last', 'after a turn');
    this.hasLeft = true;
  }

  private async say(key: string, value: string): Promise<void> {
    if (!this.hasLeft) await this.store.set(key, value);
  }
}

/** Calls the store before anything has started. */
@Injectable()
class Early {
  readonly call: Promise<unknown>;

  constructor(@Inject(PostgresSessionStore) store: PostgresSessionStore) {
    this.call = Promise.allSettled([store.get('key')]);
  }
}

describe('modules that import the store', () => {
  const harness = Harness.use();

  function startWith(provider: typeof Farewell | typeof Early, tableName: string) {
    class FeatureModule {}
    const session = PostgresSessionModule.forRoot({ connection: harness.url, tableName });
    return harness.start({
      imports: [
        ScheduleModule.forRoot(),
        { module: FeatureModule, imports: [session], providers: [provider] },
      ],
    });
  }

  it('may use it in each of their own hooks', async () => {
    const tableName = harness.table();
    const app = await startWith(Farewell, tableName);
    await app.close();
    const rows = await harness.sql<{ id: string }>(`SELECT id FROM ${tableName} ORDER BY id`);
    expect(rows.map(({ id }) => id)).toEqual(['before', 'bye', 'destroy', 'hello', 'last']);
  });

  it('may use it in their constructors: the first call starts the store', async () => {
    const app: INestApplicationContext = await startWith(Early, harness.table());
    const { call } = app.get(Early, { strict: false });
    expect(await call).toEqual([{ status: 'fulfilled', value: undefined }]);
  });
});
