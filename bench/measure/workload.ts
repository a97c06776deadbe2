import { isSession } from '../dataset.js';
import type { System } from '../systems/system.js';

export type Call = 'get' | 'set' | 'touch';
export type Workload = Call | 'mix';
export const WORKLOADS: readonly Workload[] = ['get', 'set', 'touch', 'mix'];

/** Of the mix: 90 % get, 9 % touch, 1 % set. */
const GETS = 0.9;
const TOUCHES = 0.99;

/** Makes one call on session `n`; false when what came back is wrong. */
export type Caller = (n: number, key: string) => Promise<boolean>;

export function callerOf(system: System, workload: Workload): Caller {
  const calls: Record<Call, Caller> = {
    get: async (n, key) => isSession(await system.get(key), n),
    set: async (n, key) => (await system.set(key, n, n & 1), true),
    touch: async (n, key) => wasThere(await system.touch(key, n)),
  };
  if (workload !== 'mix') return calls[workload];
  return (n, key) => calls[pick(Math.random())](n, key);
}

/** Some systems say whether there was a session to touch. */
function wasThere(answer: unknown): boolean {
  return answer !== false && answer !== 0;
}

function pick(chance: number): Call {
  if (chance < GETS) return 'get';
  return chance < TOUCHES ? 'touch' : 'set';
}
