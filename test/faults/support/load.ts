import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger.js';

/** A small generator of numbers in [0, 1), so that a run can be repeated. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Load {
  /** Lets every worker finish its call and resolves when all have. */
  stop(): Promise<void>;
}

/** Workers that write and read without a pause, each on keys of its own. */
export function startLoad(ledger: Ledger, { workers = 64, seed = 1, reads = false } = {}): Load {
  let running = true;
  const work = async (worker: number): Promise<void> => {
    const next = random(seed * 1000 + worker);
    for (let step = 0; running; step++) {
      const failed = ledger.failed;
      await act(ledger, `w${worker}`, step, next, reads);
      // A client whose calls fail backs off a little; a tight loop would starve the event loop.
      if (ledger.failed > failed) await sleep(10);
    }
  };
  const all = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return {
    stop: async () => {
      running = false;
      await all;
    },
  };
}

async function act(
  ledger: Ledger,
  owner: string,
  step: number,
  next: () => number,
  reads: boolean,
): Promise<void> {
  const key = `${owner}:${Math.floor(next() * 4)}`;
  const dice = next() * (reads ? 1.8 : 1);
  if (dice < 0.5) return ledger.set(key, `${key}#${step}#${'x'.repeat(Math.floor(next() * 500))}`);
  if (dice < 0.7) return ledger.delete(key);
  if (dice < 1) return ledger.increment(`${owner}:count`);
  if (dice < 1.7) return ledger.get(key);
  return ledger.touch(key);
}
