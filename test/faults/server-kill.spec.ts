import { beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import type { RunningStore } from '../support/app.js';
import { Ledger, readTable } from './support/ledger.js';
import { startLoad } from './support/load.js';
import { report, scale } from './support/report.js';
import { untilSuccess } from './support/settle.js';

const KILLS = scale(3, 20);
const TABLE = 'killed_sessions';

describe('A server that is killed while 64 writers write', () => {
  const harness = Harness.useServer({ durable: true });
  let running: RunningStore;

  beforeAll(async () => {
    running = await harness.startStore({ tableName: TABLE });
  });

  it(
    'keeps every acknowledged set, delete and increment, and the store heals within a second',
    async () => {
      const ledger = new Ledger(running.store);
      const healed: number[] = [];
      const lost: string[] = [];
      await running.store.set('expired', 'x', { ttl: 1 });
      for (let kill = 1; kill <= KILLS; kill++) {
        const load = startLoad(ledger, { seed: kill });
        const before = ledger.acknowledged;
        await waitFor(() => ledger.acknowledged > before + 500, { what: 'the load' });
        await harness.server.kill();
        await harness.server.start();
        healed.push(await untilSuccess('a get after the restart', () => running.store.get('any')));
        await load.stop();
        lost.push(...(await ledger.losses(harness.url, TABLE)));
        expect(await running.store.get('expired')).toBeUndefined();
      }
      report(`acknowledged ${ledger.acknowledged}, kills ${KILLS}, lost ${lost.length}`);
      report(`kill: ${ledger.failures}; healed after at most ${Math.max(...healed).toFixed(0)} ms`);
      expect(lost).toEqual([]);
      expect(ledger.wrong).toEqual([]);
      expect([...ledger.errors.keys()].filter((code) => !code.startsWith('ERR_'))).toEqual([]);
      expect(Math.max(...healed)).toBeLessThan(1000);
    },
    scale(30_000, 240_000),
  );

  it('keeps expired entries expired, and live ones until their own end', async () => {
    const { store } = running;
    await store.set('short', 'a', { ttl: 50 });
    await store.set('long', 'b', { ttl: 3_600_000 });
    await waitFor(async () => (await store.get('short')) === undefined);
    await harness.server.kill();
    await harness.server.start();
    await untilSuccess('a get after the restart', () => store.get('any'));
    expect(await store.get('short')).toBeUndefined();
    expect((await store.get('long'))?.toString()).toBe('b');
    expect((await readTable(harness.url, TABLE)).has('short')).toBe(false);
  });
});
