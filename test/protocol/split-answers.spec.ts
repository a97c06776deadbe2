import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { full, scale } from '../faults/support/report.js';
import { Harness } from '../support/harness.js';
import {
  openProxy,
  POOLS,
  SETUPS,
  startBehindProxy,
  startThrough,
} from './support/behind-proxy.js';
import {
  EXPECTED,
  everyCall,
  getNeighbours,
  NEIGHBOURS,
  NEIGHBOUR_VALUES,
  text,
} from './support/every-call.js';
import { CUTS, Splitter } from './support/packing.js';

const TIMEOUT = scale(60_000, 900_000);

const LARGE_VALUE = randomBytes(100_000);
/** Bytes at each end of a large answer that are all cut at; in between, the short form takes strides. */
const ENDS = 200;
const LARGE_STRIDE = scale(997, 1);
const START_STRIDE = scale(13, 1);

describe.each(SETUPS)('Calls on $setup', ({ pool, options }) => {
  const harness = Harness.use();

  it.each(CUTS)(
    'get their own answers when $what arrives in two pieces, cut at each of its bytes',
    async ({ cutWith }) => {
      const { proxy, store } = await startBehindProxy(harness, pool, options);
      // Opens the connections, whose start has a test of its own.
      expect(await everyCall(store)).toEqual(EXPECTED);
      const splitter = new Splitter();
      proxy.packing = cutWith(splitter);
      await splitter.walk(async (cutAt) => {
        expect({ cutAt, ...(await everyCall(store)) }).toEqual({ cutAt, ...EXPECTED });
      });
      expect(proxy.lost).toBe(0);
    },
    TIMEOUT,
  );

  it('get their own answers when those of statements sent at once arrive together, cut at each byte', async () => {
    const setup = { ...options, connections: 1 };
    const { proxy, store } = await startBehindProxy(harness, pool, setup);
    await store.setMany(NEIGHBOURS);
    // Statements are prepared once; the answers to that are longer than those that follow.
    expect(await getNeighbours(store)).toEqual(NEIGHBOUR_VALUES);
    const splitter = new Splitter();
    proxy.packing = splitter.cutAnswer;
    proxy.joinsAnswers = true;
    await splitter.walk(async (cutAt) => {
      expect([cutAt, ...(await getNeighbours(store))]).toEqual([cutAt, ...NEIGHBOUR_VALUES]);
    });
    expect(proxy.lost).toBe(0);
  });
});

describe.each(POOLS)('A value of 100 KB on $pool', ({ pool }) => {
  const harness = Harness.use();

  it(
    `arrives whole when its answer is cut at ${full ? 'each' : 'many'} of its bytes`,
    async () => {
      const { proxy, store } = await startBehindProxy(harness, pool, { connections: 1 });
      await store.set('large', LARGE_VALUE);
      await store.set('small', 'value');
      const splitter = new Splitter();
      proxy.packing = splitter.cutAnswer;
      do {
        const { offset } = splitter;
        const value = await store.get('large');
        expect([offset, value?.equals(LARGE_VALUE)]).toEqual([offset, true]);
        const isNearAnEnd = offset < ENDS || offset + LARGE_STRIDE + ENDS > splitter.longest;
        splitter.offset += isNearAnEnd ? 1 : LARGE_STRIDE;
      } while (splitter.offset < splitter.longest);
      expect(text(await store.get('small'))).toBe('value');
      expect(proxy.lost).toBe(0);
    },
    TIMEOUT,
  );
});

describe.each(POOLS)('A start on $pool', ({ pool }) => {
  const harness = Harness.use();

  it(
    `succeeds when the answers to it are cut at ${full ? 'each' : 'some'} of their bytes`,
    async () => {
      const tableName = harness.table();
      const proxy = await openProxy(harness);
      const splitter = new Splitter();
      proxy.packing = splitter.cutAnswer;
      await splitter.walk(async (cutAt) => {
        const running = await startThrough(proxy, harness, pool, { tableName });
        expect({ cutAt, ...(await everyCall(running.store)) }).toEqual({ cutAt, ...EXPECTED });
        await running.app.close();
        if (!running.pool.ended) await running.pool.end();
      }, START_STRIDE);
    },
    TIMEOUT,
  );
});
