import type { Plan } from '../flags.js';
import { sideBySide } from '../measure/side-by-side.js';
import { median } from '../measure/statistics.js';
import { digits, type Outcome, type Table } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import { fillTable } from '../systems/load.js';
import { openNestStore } from '../systems/nest-store.js';
import { ours } from '../systems/ours.js';
import type { System } from '../systems/system.js';
import { say, type Experiment } from './experiment.js';

/** For whoever chooses the defaults of `batching`. */
export const tuning: Experiment = { name: 'tuning', onDemand: true, run };

const CONCURRENCIES = [1, 2, 3, 4, 6];
const MOST_ROWS = [32, 64, 128, 256, 512];
const CELLS = (['get', 'set', 'mix'] as const).flatMap((workload) =>
  [64, 256].map((inFlight) => ({ workload, inFlight })),
);

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const server = await lab.postgres();
  const open = async (label: string, batching: object): Promise<System> => {
    const opened = await openNestStore(server.url, { batching });
    lab.defer(() => opened.close());
    return ours(label, server, opened);
  };
  const byLanes: System[] = [await open('defaults', {})];
  for (const concurrency of CONCURRENCIES)
    byLanes.push(await open(`concurrency ${concurrency}`, { concurrency }));
  const byRows: System[] = [await open('defaults', {})];
  for (const maxRows of MOST_ROWS) byRows.push(await open(`maxRows ${maxRows}`, { maxRows }));
  await fillTable(server.url, 'celeris_sessions', plan.rows);
  return {
    title: 'The limits of the batches',
    about: 'The same store with other limits, taking turns.',
    tables: [
      await compare('concurrency', byLanes, plan),
      await compare('rows a statement', byRows, plan),
    ],
    targets: [],
    wrong: 0,
  };
}

async function compare(title: string, systems: readonly System[], plan: Plan): Promise<Table> {
  const rows = systems.map(({ name }) => [name]);
  for (const { workload, inFlight } of CELLS) {
    say(`tuning: ${title}, ${workload}, ${inFlight} in flight`);
    const load = { workload, inFlight, rows: plan.rows, seconds: plan.seconds };
    const rounds = await sideBySide(systems, load, plan.otherRounds);
    [...rounds.values()].forEach((its, at) =>
      rows[at]?.push(digits(median(its.map(({ callsPerSecond }) => callsPerSecond)))),
    );
  }
  const columns = ['', ...CELLS.map(({ workload, inFlight }) => `${workload} ${inFlight}`)];
  return { title: `Calls a second by ${title}`, columns, rows };
}
