import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PostgresSessionModule, type PostgresSessionStore } from '../../lib/index.js';
import { collect } from '../conformance/helpers.js';
import { cleanupOf, startApp, startStore, storeOf, type StoreOptions } from '../support/app.js';
import { waitFor } from '../support/conditions.js';
import { ownFailureOf } from '../support/failures.js';
import { LogCapture } from '../support/log.js';
import { describeWithTools } from '../support/tools.js';
import { REPLICATION_TOOLS, ReplicatedServers } from './support/replicated-servers.js';

const TABLE = 'standby_sessions';

const writes: Array<[string, (store: PostgresSessionStore) => Promise<unknown>]> = [
  ['set', (store) => store.set('k', 'w')],
  ['delete', (store) => store.delete('k')],
  ['deletePrefix', (store) => store.deletePrefix('k')],
  ["deletePrefix('')", (store) => store.deletePrefix('')],
  ['setMany', (store) => store.setMany([['k', 'w']])],
  ['deleteMany', (store) => store.deleteMany(['k'])],
  ['touch', (store) => store.touch('k', 1_000)],
  ['setIfAbsent', (store) => store.setIfAbsent('l', 'w')],
  ['getAndDelete', (store) => store.getAndDelete('k')],
  ['compareAndSet', (store) => store.compareAndSet('k', 'v', 'w')],
  ['update', (store) => store.update('k', () => 'w')],
  ['increment', (store) => store.increment('n')],
  ['setIfPresent', (store) => store.setIfPresent('k', 'w')],
  ['deleteOwner', (store) => store.deleteOwner('o')],
];

describeWithTools('A standby', REPLICATION_TOOLS, (tools) => {
  let servers: ReplicatedServers;

  beforeAll(async () => {
    servers = await ReplicatedServers.start(tools);
    const primary = await startStore({
      connection: servers.primary.connectionString,
      tableName: TABLE,
    });
    await primary.store.set('k', 'v', { owner: 'o' });
    await primary.close();
  }, 60_000);

  afterAll(() => servers?.stop());

  const options = (): StoreOptions => ({
    connection: servers.standby.connectionString,
    tableName: TABLE,
  });

  it('is told at the start, after a try within operationTimeout', async () => {
    const log = new LogCapture();
    const hurried = { ...options(), operationTimeout: 500, retryAttempts: 1_000, retryDelay: 200 };
    const error = await ownFailureOf(startStore(hurried, log));
    expect(error.code).toBe('ERR_READ_ONLY');
    expect(error.message).toContain('standby');
    expect(log.complaints.length).toBeGreaterThan(0);
    expect(log.complaints.length).toBeLessThan(5);
  });

  it('is told at the start of a store that makes no table as well', async () => {
    const strict = { ...options(), skipSchemaInit: true, retryAttempts: 0 };
    expect((await ownFailureOf(startStore(strict))).code).toBe('ERR_READ_ONLY');
  });

  it('serves gets and scans of a store with readOnly: true, which needs no scheduler', async () => {
    const module = PostgresSessionModule.forRoot({ ...options(), readOnly: true });
    const app = await startApp({ imports: [module] });
    try {
      const store = storeOf(app);
      expect((await store.get('k'))?.toString()).toBe('v');
      expect((await store.getEntry('k'))?.owner).toBe('o');
      expect([...(await store.getMany(['k', 'l'])).keys()]).toEqual(['k']);
      expect(await collect(store.scan(''))).toEqual(['k']);
      expect(await collect(store.scanOwner('o'))).toEqual(['k']);
      expect(await cleanupOf(app).sweep()).toMatchObject({ skipped: true, deleted: 0 });
    } finally {
      await app.close();
    }
  });

  // On the primary, where each would take effect if it were sent.
  it.each(writes)(
    'is not needed for a store with readOnly: true to refuse every write before it is sent: %s',
    async (_, write) => {
      const connection = servers.primary.connectionString;
      const running = await startStore({ connection, tableName: TABLE, readOnly: true });
      try {
        expect((await ownFailureOf(write(running.store))).code).toBe('ERR_READ_ONLY');
        expect(await collect(running.store.scan(''))).toEqual(['k']);
        expect((await running.store.get('k'))?.toString()).toBe('v');
      } finally {
        await running.close();
      }
    },
  );

  it('gets no table made by a store with readOnly: true, which says that there is none', async () => {
    const absent = { ...options(), tableName: 'absent_sessions', readOnly: true };
    const error = await ownFailureOf(startStore(absent));
    expect(error.code).toBe('ERR_SCHEMA_INIT');
    expect(error.message).toContain('absent_sessions');
  });

  it('is waited for while it is promoted', async () => {
    const log = new LogCapture();
    const patient = {
      ...options(),
      operationTimeout: 60_000,
      retryAttempts: 1_000,
      retryDelay: 50,
    };
    const starting = startStore(patient, log);
    await waitFor(() => log.complaints.length > 0, { what: 'a refused start' });
    await servers.promote();
    const { store, close } = await starting;
    await store.set('k', 'w');
    expect((await store.get('k'))?.toString()).toBe('w');
    await close();
  });
});
