import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PostgresSessionStore } from '../../lib/index.js';
import { Harness } from '../support/harness.js';
import { waitFor } from '../support/conditions.js';
import { Ledger } from './support/ledger.js';
import { startLoad } from './support/load.js';
import { collect } from '../conformance/helpers.js';
import { heapInUse } from './support/memory.js';
import { report, scale } from './support/report.js';
import { codeOf, settle, settleAll, slowest, untilSuccess } from './support/settle.js';
import { TcpProxy } from './support/tcp-proxy.js';

const TABLE = 'network_sessions';
/** The store's own bound of a call in these tests, and what a busy machine may add to it. */
const TIMEOUT = 1_000;
const GRACE = 500;
/** In no statement's text, so that the proxy can tell the requests that name it. */
const CUT_KEY = 'answer-cut-in-half';

/** One call of each kind, all at once. */
const everyCall = (store: PostgresSessionStore, round: number): Array<() => Promise<unknown>> => [
  () => store.get('k'),
  () => store.set(`set:${round}`, 'v'),
  () => store.delete(`set:${round - 1}`),
  () => store.touch('k', 60_000),
  () => store.getMany(['k', 'l']),
  () => store.setMany([['m', '1']]),
  () => store.deleteMany(['n']),
  () => store.increment('count'),
  () => store.setIfAbsent(`absent:${round}`, 'v'),
  () => store.getEntry('k'),
  () => store.move('o', 'o', 'v'),
  () => store.count({ prefix: 'p:' }),
  () => store.setIfPresent('k', 'v'),
  () => store.getAndDelete('o'),
  () => store.compareAndSet('k', 'v', 'w'),
  () => store.update('k', (value) => value),
  () => store.deletePrefix('p:'),
  () => store.deleteOwner('q'),
  () => collect(store.scan('r:')),
  () => collect(store.scanOwner('s')),
];

describe('A network that misbehaves', () => {
  const harness = Harness.useServer({ durable: true });
  let proxy: TcpProxy;
  let store: PostgresSessionStore;

  beforeEach(async () => {
    proxy = await TcpProxy.before(harness);
    const connection = proxy.url(harness.url);
    const options = { connection, tableName: TABLE, operationTimeout: TIMEOUT };
    ({ store } = await harness.startStore(options));
    await store.deletePrefix('');
    // The first of all that follows, so that the store can end in order.
    harness.onEnd(() => proxy.heal());
  });

  it('settles every kind of call within its time while packets vanish without a reset', async () => {
    await store.set('k', 'v');
    proxy.swallow();
    const calls = await settleAll([...everyCall(store, 1), ...everyCall(store, 2)]);
    expect(new Set(calls.map(codeOf))).toEqual(new Set(['ERR_TIMEOUT']));
    expect(slowest(calls)).toBeLessThan(TIMEOUT + GRACE);
    await proxy.heal();
    expect(await untilSuccess('a get afterwards', () => store.get('k'))).toBeLessThan(1000);
  });

  it('survives a black hole under load: calls settle, the late answers reach nobody, nothing is lost', async () => {
    const ledger = new Ledger(store);
    const workers = 32;
    const load = startLoad(ledger, { workers, reads: true });
    await waitFor(() => ledger.acknowledged > 200, { what: 'the load' });
    proxy.swallow();
    const rounds = scale(2, 9);
    await waitFor(() => ledger.failed >= rounds * workers, {
      timeout: 2 * rounds * TIMEOUT,
      what: 'calls that time out in the black hole',
    });
    const before = ledger.acknowledged;
    await proxy.heal();
    const start = performance.now();
    await waitFor(() => ledger.acknowledged > before, { interval: 5, what: 'a write after it' });
    const healed = performance.now() - start;
    await waitFor(() => ledger.acknowledged > before + 200, { what: 'the load after it' });
    await load.stop();
    const lost = await ledger.losses(harness.url, TABLE);
    report(
      `black hole: acknowledged ${ledger.acknowledged}, ${ledger.failures}, lost ${lost.length}; ` +
        `a write ${healed.toFixed(0)} ms after its end`,
    );
    expect(lost).toEqual([]);
    expect(ledger.wrong).toEqual([]);
    expect(healed).toBeLessThan(1000);
  }, 30_000);

  it('notices a connection that a router forgot, and works on over a new one', async () => {
    await store.set('k', 'v');
    proxy.forget();
    const first = await settle(() => store.get('k'));
    expect(first.ms).toBeLessThan(TIMEOUT + GRACE);
    expect(['ok', 'ERR_TIMEOUT']).toContain(codeOf(first));
    expect((await store.get('k'))?.toString()).toBe('v');
  });

  it('costs a lone get about a second, and not its whole time, if a router forgot the connections', async () => {
    const patient = await harness.startStore({
      connection: proxy.url(harness.url),
      tableName: TABLE,
      operationTimeout: 60_000,
    });
    await Promise.all([
      patient.store.set('k', 'v'),
      patient.store.get('k'),
      patient.store.increment('n'),
    ]);
    proxy.forget();
    const first = await settle(() => patient.store.get('k'));
    expect(first.value?.toString()).toBe('v');
    // Far from 60 s; a busy machine adds to the second.
    expect(first.ms).toBeLessThan(5_000);
    report(`a lone get on a connection that a router forgot: ${first.ms.toFixed(0)} ms`);
    await patient.store.set('k', 'w');
  });

  it('hides an answer that is cut in half from calls that may run twice', async () => {
    await store.set(CUT_KEY, 'v');
    proxy.cutAnswerTo(CUT_KEY);
    expect((await store.get(CUT_KEY))?.toString()).toBe('v');
    proxy.cutAnswerTo(CUT_KEY);
    await store.set(CUT_KEY, 'w');
    proxy.cutAnswerTo(CUT_KEY);
    expect(await store.touch(CUT_KEY, 60_000)).toBe(true);
    expect((await store.get(CUT_KEY))?.toString()).toBe('w');
    expect(proxy.accepted).toBeGreaterThanOrEqual(4);
  });

  it('tells ERR_OUTCOME_UNKNOWN where a call may have taken effect and must not run twice', async () => {
    const counter = `${CUT_KEY}:count`;
    const absent = `${CUT_KEY}:absent`;
    await store.increment(counter);
    await store.set(CUT_KEY, 'v');
    const calls: Array<() => Promise<unknown>> = [
      () => store.increment(counter),
      () => store.setIfAbsent(absent, 'v'),
      () => store.compareAndSet(CUT_KEY, 'v', 'w'),
      () => store.move(CUT_KEY, 'elsewhere', 'v'),
      () => store.getAndDelete(CUT_KEY),
    ];
    for (const call of calls) {
      proxy.cutAnswerTo(CUT_KEY);
      expect(codeOf(await settle(call))).toBe('ERR_OUTCOME_UNKNOWN');
    }
    expect([2, 3]).toContain(await store.increment(counter));
  });

  it('works on within a second after connections were refused', async () => {
    await store.set('k', 'v');
    proxy.refuse();
    const calls = await settleAll(everyCall(store, 1));
    expect(slowest(calls)).toBeLessThan(TIMEOUT + GRACE);
    const codes = new Set(calls.map(codeOf));
    expect([...codes].every((code) => /^ERR_(CONNECTION|TIMEOUT)$/.test(code))).toBe(true);
    await proxy.heal();
    const healed = await untilSuccess('a get afterwards', () => store.get('k'));
    report(`connections refused: healed in ${healed.toFixed(0)} ms`);
    expect(healed).toBeLessThan(1000);
  });

  it('bridges a short refusal: a call made during it succeeds within its time', async () => {
    await store.set('k', 'v');
    proxy.refuse();
    const get = store.get('k');
    await sleep(200);
    await proxy.heal();
    expect((await get)?.toString()).toBe('v');
  });

  it('works at 200 ms latency, new connections included', async () => {
    proxy.delay(100);
    const connection = proxy.url(harness.url);
    const distant = await harness.startStore({ connection, tableName: TABLE });
    const [first, second] = [
      await settleAll(everyCall(distant.store, 1)),
      await settleAll(everyCall(distant.store, 2)),
    ];
    expect(new Set([...first, ...second].map(codeOf))).toEqual(new Set(['ok']));
    const alone = await settle(() => distant.store.get('count'));
    report(
      `200 ms latency: a get takes ${alone.ms.toFixed(0)} ms, every kind at once ${slowest(second).toFixed(0)} ms`,
    );
    expect(alone.value?.toString()).toBe('2');
    expect(alone.ms).toBeGreaterThan(195);
    expect(alone.ms).toBeLessThan(400);
  });

  it('works when every packet carries one byte', async () => {
    const value = Buffer.from('äöü€𝄞'.repeat(50));
    proxy.trickle();
    await store.set('k', value);
    expect(await store.get('k')).toEqual(value);
    await expect(store.increment('count')).resolves.toBe(1);
  });

  it('keeps memory and connections bounded while connections are cut again and again', async () => {
    const ledger = new Ledger(store);
    const load = startLoad(ledger, { workers: 32, reads: true });
    const cuts = scale(8, 100);
    const cutAll = async (times: number): Promise<void> => {
      for (let cut = 0; cut < times; cut++) {
        await sleep(100);
        proxy.cut();
      }
    };
    await cutAll(cuts);
    const heap = heapInUse();
    await cutAll(cuts);
    const growth = heapInUse() / heap;
    const opened = proxy.accepted;
    await load.stop();
    const lost = await ledger.losses(harness.url, TABLE);
    report(
      `cut ${2 * cuts} times: acknowledged ${ledger.acknowledged}, ${ledger.failures}, ` +
        `lost ${lost.length}, heap × ${growth.toFixed(2)}`,
    );
    expect(growth).toBeLessThan(1.25);
    expect(ledger.acknowledged).toBeGreaterThan(0);
    expect(lost).toEqual([]);
    expect(ledger.wrong).toEqual([]);
    expect(proxy.open).toBeLessThanOrEqual(10);
    expect(opened).toBeLessThan(cuts * 2 * 20);
  });
});
