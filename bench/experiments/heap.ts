import { once } from 'node:events';
import { nextMessage, startChild } from '../children/fork.js';
import type { HeapInput, HeapReport } from '../children/heap.js';
import type { Plan } from '../flags.js';
import { atMost, type Outcome } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import { fillTable } from '../systems/load.js';
import { openNestStore } from '../systems/nest-store.js';
import { say, type Experiment } from './experiment.js';

export const heap: Experiment = { name: 'heap', run };

const ROWS = 10_000;
const MOST_RATIO = 1.1;
const MOST_SECONDS = 240;

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  say('heap: many calls in one process');
  const server = await lab.postgres();
  await (await openNestStore(server.url)).close();
  const rows = Math.min(ROWS, plan.rows);
  await fillTable(server.url, 'celeris_sessions', rows);
  const input: HeapInput = {
    server,
    rows,
    inFlight: 256,
    ...plan.heapCalls,
    mostSeconds: MOST_SECONDS,
  };
  const child = startChild('heap', input);
  const exited = once(child, 'exit');
  const { calls, bytes, wrong } = await nextMessage<HeapReport>(child);
  await exited;
  const [early, late] = [calls.early, calls.late].map((count) => count.toLocaleString('en'));
  return {
    title: 'Memory over many calls',
    about:
      'The mix, 256 in flight, in a process of its own; the heap is weighed after a full collection.',
    tables: [
      {
        title: 'Heap',
        columns: ['calls', 'MB'],
        rows: [
          [early ?? '', (bytes.early / 2 ** 20).toFixed(2)],
          [late ?? '', (bytes.late / 2 ** 20).toFixed(2)],
        ],
      },
    ],
    targets: [
      atMost(
        `heap after ${late} calls against after ${early}`,
        MOST_RATIO,
        bytes.late / bytes.early,
      ),
    ],
    wrong,
  };
}
