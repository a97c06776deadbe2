import { keysOf } from '../dataset.js';
import type { System } from '../systems/system.js';
import { ownCpu, serverCpu } from './cpu.js';
import { Latencies } from './latencies.js';
import { callerOf, type Caller, type Workload } from './workload.js';

/** What one system did in one short stretch of time. */
export interface Round {
  callsPerSecond: number;
  p50: number;
  p99: number;
  /** CPU µs a call. */
  nodeCpu: number;
  serverCpu: number;
  calls: number;
  wrong: number;
}

export interface Load {
  workload: Workload;
  inFlight: number;
  rows: number;
  seconds: number;
}

/** Part of a round's time that goes before it, uncounted. */
const WARM_UP = 0.2;

export async function runRound(system: System, load: Load): Promise<Round> {
  const call = callerOf(system, load.workload);
  await drive(call, { ...load, seconds: load.seconds * WARM_UP });
  const [node, server] = [ownCpu(), serverCpu(system.serverPid)];
  const start = performance.now();
  const { latencies, wrong } = await drive(call, load);
  const ms = performance.now() - start;
  const calls = latencies.count;
  return {
    callsPerSecond: (calls / ms) * 1000,
    p50: latencies.quantile(0.5),
    p99: latencies.quantile(0.99),
    nodeCpu: (ownCpu() - node) / calls,
    serverCpu: (serverCpu(system.serverPid) - server) / calls,
    calls,
    wrong,
  };
}

/** Keeps `inFlight` calls on random sessions under way until `seconds` are over, or `until` ends. */
export async function drive(
  call: Caller,
  { inFlight, rows, seconds }: Omit<Load, 'workload'>,
  until?: AbortSignal,
): Promise<{ latencies: Latencies; wrong: number }> {
  const { keys, stride } = keysOf(rows);
  const latencies = new Latencies();
  const deadline = performance.now() + seconds * 1000;
  let wrong = 0;
  const worker = async (): Promise<void> => {
    for (let now = performance.now(); now < deadline && !until?.aborted;) {
      const at = Math.floor(Math.random() * keys.length);
      if (!(await call(at * stride, keys[at] ?? ''))) wrong++;
      const end = performance.now();
      latencies.add(end - now);
      now = end;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { latencies, wrong };
}
