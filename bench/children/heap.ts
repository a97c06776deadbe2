import { drive } from '../measure/round.js';
import { callerOf } from '../measure/workload.js';
import type { Server } from '../servers/server.js';
import { openNestStore } from '../systems/nest-store.js';
import { ours } from '../systems/ours.js';
import { inputOf, tellParent } from './fork.js';

export interface HeapInput {
  server: Pick<Server, 'url' | 'pid'>;
  rows: number;
  inFlight: number;
  early: number;
  late: number;
  mostSeconds: number;
}

export interface HeapReport {
  calls: { early: number; late: number };
  bytes: { early: number; late: number };
  wrong: number;
}

// Runs the mix, and weighs the heap after the early and after the late number of calls.
const { server, rows, inFlight, early, late, mostSeconds } = inputOf() as HeapInput;
const opened = await openNestStore(server.url);
const call = callerOf(ours('ours', { ...server, stop: () => opened.close() }, opened), 'mix');
const start = performance.now();
let wrong = 0;
let calls = 0;

/** Until that many calls are made, or the time is up. */
async function driveUntil(target: number): Promise<{ calls: number; bytes: number }> {
  while (calls < target && performance.now() - start < mostSeconds * 1000) {
    const done = await drive(call, { inFlight, rows, seconds: 1 });
    calls += done.latencies.count;
    wrong += done.wrong;
  }
  return { calls, bytes: liveHeap() };
}

function liveHeap(): number {
  if (!globalThis.gc) throw new Error('the heap is weighed with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const first = await driveUntil(early);
const second = await driveUntil(late);
await opened.close();
const report: HeapReport = {
  calls: { early: first.calls, late: second.calls },
  bytes: { early: first.bytes, late: second.bytes },
  wrong,
};
await tellParent(report);
process.disconnect();
