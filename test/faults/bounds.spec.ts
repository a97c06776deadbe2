import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getSessionPoolToken } from '../../lib/index.js';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import { offer } from './support/offered-load.js';
import { heapInUse } from './support/memory.js';
import { report, scale } from './support/report.js';
import { codeOf, settle, settleAll, type Settled } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

jest.setTimeout(scale(60_000, 180_000));

const MEBIBYTE = 1_048_576;

/** Bytes of all buffers, those that are garbage included. */
function bufferBytes(): number {
  return process.memoryUsage().arrayBuffers;
}

function codes(settled: Settled<unknown>[]): string[] {
  return [...new Set(settled.map(codeOf))].sort();
}

describe('What a store takes of its process', () => {
  const harness = Harness.useServer();
  let proxy: TcpProxy;
  let tableName: string;

  beforeEach(async () => {
    proxy = await TcpProxy.before(harness);
    tableName = harness.table();
  });

  it('is bounded by maxQueue in memory while large values time out', async () => {
    const maxQueue = 50;
    const { store } = await harness.startStore({
      connection: proxy.url(harness.url),
      tableName,
      operationTimeout: 300,
      batching: { maxQueue },
    });
    await store.set('k', 'v');
    proxy.swallow();
    const before = bufferBytes();
    const value = Buffer.alloc(MEBIBYTE);
    const settled: Settled<unknown>[] = [];
    let most = 0;
    for (let round = 0; round < scale(10, 40); round += 1) {
      const calls = Array.from(
        { length: maxQueue },
        (_, n) => () => store.set(`${round}:${n}`, value),
      );
      settled.push(...(await settleAll(calls)));
      // Garbage does not count.
      heapInUse();
      most = Math.max(most, bufferBytes() - before);
    }
    const made = (settled.length * value.length) / MEBIBYTE;
    report(
      `${made} MiB of values timed out: at most ${(most / MEBIBYTE).toFixed(0)} MiB were kept`,
    );
    expect(codes(settled)).toEqual(['ERR_TIMEOUT']);
    expect(most).toBeLessThan(3 * maxQueue * value.length);
  });

  it('leaves the event loop its turns while many callers read one large value', async () => {
    const { store } = await harness.startStore({ connection: harness.url, tableName });
    await store.set('k', Buffer.alloc(MEBIBYTE));
    const callers = scale(400, 1_000);
    let delivered = 0;
    let mostInOneTurn = 0;
    const gets = Array.from({ length: callers }, async () => {
      const value = await store.get('k');
      delivered += 1;
      return value?.length;
    });
    for (let seen = 0; seen < callers;) {
      await nextTurn();
      mostInOneTurn = Math.max(mostInOneTurn, delivered - seen);
      seen = delivered;
    }
    expect(new Set(await Promise.all(gets))).toEqual(new Set([MEBIBYTE]));
    report(`${callers} gets of one value of 1 MiB: at most ${mostInOneTurn} in one turn`);
    expect(mostInOneTurn).toBeLessThan(50);
  });

  /** Calls on one key that wait behind a lock. */
  async function queueOnOneKey(): Promise<{
    calls: Promise<Settled<unknown>[]>;
    running: Awaited<ReturnType<Harness['startStore']>>;
  }> {
    const running = await harness.startStore({ tableName, shutdownTimeout: 300 });
    await running.store.set('k', '0');
    const holder = await harness.connect();
    await holder.query(`BEGIN; SELECT FROM ${tableName} WHERE id = 'k' FOR UPDATE`);
    const calls = settleAll(
      Array.from({ length: 1_000 }, () => () => running.store.increment('k')),
    );
    await blockedBy(harness, holder);
    return { calls, running };
  }

  // Jest fails the test by itself on an unhandled rejection or an uncaught error.
  it('holds no call back when it is closed while a thousand wait on one key', async () => {
    const { calls, running } = await queueOnOneKey();
    await running.close();
    const settled = await calls;
    expect(settled).toHaveLength(1_000);
    expect(codes(settled).filter((code) => code !== 'ERR_OUTCOME_UNKNOWN')).toEqual([
      'ERR_STORE_CLOSED',
    ]);
  });

  it('holds no call back when its pool is ended while a thousand wait on one key', async () => {
    const { calls, running } = await queueOnOneKey();
    const pool = running.app.get<{ end(): Promise<void> }>(getSessionPoolToken());
    const ended = pool.end();
    const settled = await calls;
    expect(settled).toHaveLength(1_000);
    expect(codes(settled)).toEqual(['ERR_CONNECTION']);
    await ended;
  });

  it('has time for a large value that arrives slowly, beside small ones', async () => {
    const bytes = scale(20, 60) * MEBIBYTE;
    const { store } = await harness.startStore({
      connection: proxy.url(harness.url),
      tableName,
      operationTimeout: scale(20_000, 60_000),
    });
    await store.set('large', Buffer.alloc(bytes, 'x'));
    // About five seconds: longer than a connection may be silent while others are answered.
    proxy.throttle(bytes / 5);
    const large = settle(() => store.get('large'));
    // Those that follow it at once may share its connection; later ones pass it by.
    const small = await offer((n) => store.get(`small:${n}`), 20, 4_000);
    const { value, ms } = await large;
    const passed = small.filter((each) => each.ms < ms / 2).length;
    report(
      `${bytes / MEBIBYTE} MiB in ${ms.toFixed(0)} ms, and ${passed} of ${small.length} small gets meanwhile`,
    );
    expect(value?.length).toBe(bytes);
    expect(ms).toBeGreaterThan(2_000);
    expect(codes(small)).toEqual(['ok']);
    expect(passed).toBeGreaterThan(small.length / 2);
  });
});
