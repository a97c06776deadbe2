import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startStore, type RunningStore, type StoreOptions } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { describeWithTools } from '../support/tools.js';
import { Pgpool } from './support/pgpool.js';
import { REPLICATION_TOOLS, ReplicatedServers } from './support/replicated-servers.js';
import { TcpProxy } from './support/tcp-proxy.js';

/** What waiting cannot mend must not have waited: one retry would last longer than the test. */
const ENDLESS = { retryAttempts: 1_000, retryDelay: 60_000, operationTimeout: 120_000 };

describeWithTools(
  'Reads that are spread over a primary and a standby',
  [...REPLICATION_TOOLS, 'pgpool'],
  (tools) => {
    let servers: ReplicatedServers;
    const releases: Array<() => Promise<void>> = [];

    beforeAll(async () => {
      servers = await ReplicatedServers.start(tools);
    }, 60_000);

    afterEach(async () => {
      for (let release = releases.pop(); release; release = releases.pop()) await release();
    });

    afterAll(() => servers?.stop());

    async function start(options: StoreOptions): Promise<RunningStore> {
      const running = await startStore(options);
      releases.push(running.close);
      return running;
    }

    it('are found at the start by two connections, one of them to the standby', async () => {
      const proxy = await TcpProxy.to(servers.primary.port);
      releases.push(() => proxy.close());
      proxy.alternate([servers.primary.port, servers.standby.port]);
      const connection = proxy.url(servers.primary.connectionString);
      const error = await ownFailureOf(start({ ...ENDLESS, connection }));
      expect(error.code).toBe('ERR_READ_ONLY');
      expect(error.message).toContain('load_balance_mode');
    });

    describe('by pgpool-II', () => {
      async function pgpool(settings?: Record<string, string>): Promise<string> {
        const ports = [servers.primary.port, servers.standby.port] as const;
        const started = await Pgpool.start(tools.pgpool, ports, settings);
        releases.push(() => started.stop());
        return started.connectionString;
      }

      it('are found at the start, which says what to set', async () => {
        const error = await ownFailureOf(start({ ...ENDLESS, connection: await pgpool() }));
        expect(error.code).toBe('ERR_READ_ONLY');
        expect(error.message).toContain('app_name_redirect_preference_list');
        expect(error.message).toContain('load_balance_mode');
      });

      it.each([
        ['load_balance_mode = off', { load_balance_mode: 'off' }],
        [
          'app_name_redirect_preference_list',
          { app_name_redirect_preference_list: 'sessions:primary' },
        ],
      ])('are none with %s: every get sees what was just written', async (_, settings) => {
        const url = new URL(await pgpool(settings));
        url.searchParams.set('application_name', 'sessions');
        const { store } = await start({ connection: url.href, pooler: 'session' });
        for (let n = 0; n < 100; n++) {
          await store.set('k', String(n));
          expect((await store.get('k'))?.toString()).toBe(String(n));
        }
        expect(await store.delete('k')).toBe(true);
        expect(await store.get('k')).toBeUndefined();
      });
    });
  },
);
