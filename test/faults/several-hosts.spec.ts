import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import type { PoolConfig } from 'pg';
import { waitFor } from '../support/conditions.js';
import { startStore, type RunningStore } from '../support/app.js';
import { ownFailureOf } from '../support/failures.js';
import { describeWithTools } from '../support/tools.js';
import { Ledger, readTable } from './support/ledger.js';
import { startLoad } from './support/load.js';
import { REPLICATION_TOOLS, ReplicatedServers } from './support/replicated-servers.js';
import { report, scale } from './support/report.js';
import { untilSuccess } from './support/settle.js';

const TABLE = 'sessions_of_several_hosts';

describeWithTools('Several hosts, of which one is the primary', REPLICATION_TOOLS, (tools) => {
  let servers: ReplicatedServers;
  let running: RunningStore;

  beforeAll(async () => {
    servers = await ReplicatedServers.start(tools);
    // The standby comes first, so that the start meets it too.
    running = await startStore({
      connection: anyOf([servers.standby.port, servers.primary.port]),
      tableName: TABLE,
      retryDelay: 50,
    });
  }, 60_000);

  afterAll(async () => {
    await running?.close();
    await servers?.stop();
  });

  /** A client that picks the servers in turn, and a check that refuses those that take no writes. */
  function anyOf(ports: number[]): PoolConfig {
    let turn = 0;
    class AnyServer extends pg.Client {
      constructor(config: pg.ClientConfig = {}) {
        super({ ...config, port: ports[turn++ % ports.length] });
      }
    }
    return {
      host: '127.0.0.1',
      user: 'postgres',
      database: 'postgres',
      Client: AnyServer,
      verify: (client, done) => {
        client
          .query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
          .then(({ rows }) => done(rows[0]?.standby ? new Error('a standby') : undefined), done);
      },
    };
  }

  it('are followed through a failover by a client that picks one and a check of it', async () => {
    const { store } = running;
    const ledger = new Ledger(store);
    const load = startLoad(ledger, { workers: 16, reads: true });
    await waitFor(() => ledger.acknowledged > scale(500, 20_000), {
      what: 'the load',
      timeout: 60_000,
    });
    await servers.primary.kill();
    await servers.promote();
    const { acknowledged } = ledger;
    const healed = await untilSuccess('a write after the promotion', () => store.set('k', 'v'));
    await waitFor(() => ledger.acknowledged > acknowledged + 200, { what: 'the load after it' });
    await load.stop();
    const lost = await ledger.losses(servers.standby.connectionString, TABLE);
    report(
      `several hosts: acknowledged ${ledger.acknowledged}, ${ledger.failures}, lost ${lost.length}; ` +
        `a write ${healed.toFixed(0)} ms after the promotion`,
    );
    expect(lost).toEqual([]);
    expect(ledger.wrong).toEqual([]);
    expect((await readTable(servers.standby.connectionString, TABLE)).get('k')).toBe('v');
  }, 90_000);

  it('are named by the one that was tried last, if none can be reached', async () => {
    const error = await ownFailureOf(
      startStore({ connection: anyOf([1]), retryAttempts: 1, retryDelay: 0 }),
    );
    expect(error.code).toBe('ERR_CONNECT');
    expect(error.message).toContain('host "127.0.0.1", port 1,');
  });
});
