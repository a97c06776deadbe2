import { once } from 'node:events';
import { nextMessage, startChild } from '../children/fork.js';
import type { LoadInput } from '../children/load.js';
import type { Plan } from '../flags.js';
import type { Round } from '../measure/round.js';
import { digits, type Outcome } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import { fillTable } from '../systems/load.js';
import { openNestStore } from '../systems/nest-store.js';
import { say, type Experiment } from './experiment.js';

export const processes: Experiment = { name: 'processes', run };

const IN_FLIGHT = 64;

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const server = await lab.postgres();
  await (await openNestStore(server.url)).close();
  await fillTable(server.url, 'celeris_sessions', plan.rows);
  const rows: string[][] = [];
  let wrong = 0;
  for (const workload of ['get', 'mix'] as const) {
    for (const count of [1, plan.processes]) {
      say(`processes: ${workload} from ${count}`);
      const seconds = plan.quick ? plan.seconds : 5;
      const load = { workload, inFlight: IN_FLIGHT, rows: plan.rows, seconds };
      const rounds = await together(count, { server, load });
      const sum = rounds.reduce((all, { callsPerSecond }) => all + callsPerSecond, 0);
      const p99 = Math.max(...rounds.map((round) => round.p99));
      wrong += rounds.reduce((all, round) => all + round.wrong, 0);
      rows.push([workload, String(count), digits(sum), digits(p99)]);
    }
  }
  return {
    title: 'Several processes, one server',
    about: `${IN_FLIGHT} calls in flight in each process, all on one machine.`,
    tables: [
      {
        title: 'Calls of all processes',
        columns: ['workload', 'processes', 'calls a second', 'worst p99, ms'],
        rows,
      },
    ],
    targets: [],
    wrong,
  };
}

/** Starts them, waits until all are ready, and lets them run at the same time. */
async function together(count: number, input: LoadInput): Promise<Round[]> {
  const children = Array.from({ length: count }, () => startChild('load', input));
  await Promise.all(children.map((child) => nextMessage(child)));
  const exited = children.map((child) => once(child, 'exit'));
  const rounds = children.map((child) => nextMessage<Round>(child));
  for (const child of children) child.send('go');
  const all = await Promise.all(rounds);
  await Promise.all(exited);
  return all;
}
