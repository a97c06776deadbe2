import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitFor } from '../support/conditions.js';
import { describeWithTools } from '../support/tools.js';
import { startStore, type RunningStore } from '../support/app.js';
import { Ledger } from './support/ledger.js';
import { startLoad } from './support/load.js';
import { REPLICATION_TOOLS, ReplicatedServers } from './support/replicated-servers.js';
import { report, scale } from './support/report.js';
import { codeOf, settle, untilSuccess } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

const TABLE = 'failover_sessions';

describeWithTools('A failover to a standby', REPLICATION_TOOLS, (tools) => {
  let servers: ReplicatedServers;
  let proxy: TcpProxy;
  let running: RunningStore;

  beforeAll(async () => {
    servers = await ReplicatedServers.start(tools);
    proxy = await TcpProxy.to(servers.primary.port);
    const connection = proxy.url(servers.primary.connectionString);
    running = await startStore({ connection, tableName: TABLE });
  }, 60_000);

  afterAll(async () => {
    await running?.close();
    await proxy?.close();
    await servers?.stop();
  });

  it('drops connections to a server that turned read-only, and tries anew', async () => {
    const { store } = running;
    await store.set('k', 'v');
    // As when a virtual address still leads to the standby: it answers, and refuses writes.
    proxy.moveTo(servers.standby.port);
    expect((await store.get('k'))?.toString()).toBe('v');
    const set = settle(() => store.set('k', 'w'));
    await waitFor(() => proxy.open > 0);
    // Connections stay up here; only a store that lets go of them reaches the primary again.
    proxy.target(servers.primary.port);
    expect(codeOf(await set)).toBe('ok');
    expect((await store.get('k'))?.toString()).toBe('w');
  });

  it('loses no acknowledged write and works on within a second of the promotion', async () => {
    const { store } = running;
    const ledger = new Ledger(store);
    const load = startLoad(ledger, { workers: 32, reads: true });
    await waitFor(() => ledger.acknowledged > scale(1_000, 20_000), {
      what: 'the load',
      timeout: 60_000,
    });
    await servers.primary.kill();
    await servers.promote();
    const acknowledged = ledger.acknowledged;
    proxy.moveTo(servers.standby.port);
    const healed = await untilSuccess('a write after the promotion', () => store.set('k', 'v'));
    await waitFor(() => ledger.acknowledged > acknowledged + 200, { what: 'the load after it' });
    await load.stop();
    const lost = await ledger.losses(servers.standby.connectionString, TABLE);
    report(
      `failover: acknowledged ${ledger.acknowledged}, ${ledger.failures}, lost ${lost.length}; ` +
        `a write ${healed.toFixed(0)} ms after the promotion`,
    );
    expect(lost).toEqual([]);
    expect(ledger.wrong).toEqual([]);
    expect(healed).toBeLessThan(1000);
  }, 90_000);
});
