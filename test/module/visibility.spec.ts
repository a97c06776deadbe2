import { describe, expect, it } from '@jest/globals';
import {
  PostgresSessionModule,
  type PostgresSessionModuleOptions,
  PostgresSessionStore,
} from '../../lib/index.js';
import { Consumer, consumerOf, feature, NamedConsumer } from './support/consumers.js';
import { failureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('a store', () => {
  const harness = Harness.use();

  function settings(): PostgresSessionModuleOptions {
    return { connection: harness.url, tableName: harness.table() };
  }

  it('is seen without an import where isGlobal is set', async () => {
    const session = PostgresSessionModule.forRoot({ ...settings(), isGlobal: true });
    const consumer = await consumerOf(harness, Consumer, [session, feature(Consumer)]);
    expect(consumer.byClass).toBeInstanceOf(PostgresSessionStore);
    const named = PostgresSessionModule.forRootAsync({
      name: 'users',
      isGlobal: true,
      useFactory: () => settings(),
    });
    const second = await consumerOf(harness, NamedConsumer, [named, feature(NamedConsumer)]);
    expect(second.store).toBeInstanceOf(PostgresSessionStore);
  });

  it('is not seen without an import otherwise', async () => {
    const session = PostgresSessionModule.forRoot(settings());
    const error = await failureOf(consumerOf(harness, Consumer, [session, feature(Consumer)]));
    expect(String(error)).toContain('PostgresSessionStore');
  });
});
