import { describe, expect, it } from '@jest/globals';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { anything } from '../conformance/helpers.js';
import { startStore } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('A pool that is the object of an ORM', () => {
  const harness = Harness.use();

  /** Each ORM on that pool, and the class of its object. */
  const objects: [name: string, make: (pool: Pool) => object][] = [
    ['NodePgDatabase', (pool) => drizzle({ client: pool })],
    ['Kysely', (pool) => new Kysely({ dialect: new PostgresDialect({ pool }) })],
    ['DataSource', () => new DataSource({ type: 'postgres', url: harness.url })],
  ];

  it.each(objects)('is refused by its class, with what to give instead: %s', async (name, make) => {
    const error = await ownFailureOf(startStore({ pool: anything(make(harness.pool())) }));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toMatch(
      new RegExp(`\`pool\`.*class ${name}.*pg\\.Pool.*the ORM was given or has made`),
    );
    expect(error.message).not.toContain(new URL(harness.url).port);
  });

  it('is told from the pool beneath it, which is taken', async () => {
    const { $client } = drizzle({ client: harness.pool() });
    const source = await new DataSource({ type: 'postgres', url: harness.url }).initialize();
    harness.onEnd(() => source.destroy());
    const { master } = source.driver as unknown as { master: Pool };
    for (const pool of [$client, master]) {
      const { store, close } = await startStore({ pool, tableName: harness.table() });
      await store.set('k', 'v');
      expect((await store.get('k'))?.toString()).toBe('v');
      await close();
    }
  });
});
