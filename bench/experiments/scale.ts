import type { Plan } from '../flags.js';
import { sideBySide } from '../measure/side-by-side.js';
import { median, medianRatio } from '../measure/statistics.js';
import { atLeast, digits, type Outcome, type Table, type Target } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import type { Server } from '../servers/server.js';
import { fillTable } from '../systems/load.js';
import { openNestStore } from '../systems/nest-store.js';
import { ours } from '../systems/ours.js';
import { timeBoots } from './boot.js';
import { timeDeletePrefix } from './delete-prefix.js';
import { say, type Experiment } from './experiment.js';
import { isLarge, tableOf, type SizedTable } from './sized-table.js';

export const scale: Experiment = { name: 'scale', run };

const IN_FLIGHT = 64;
const LEAST_RATIO = 0.8;

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const server = await lab.postgres();
  const tables: SizedTable[] = [];
  for (const rows of plan.scaleRows) tables.push(await openTable(server, rows, lab));
  const calls = await compareCalls(plan, server, tables);
  say('scale: deletePrefix');
  const prefix = await timeDeletePrefix(tables, plan.quick ? 3 : 31);
  say('scale: boot');
  const boot = await timeBoots(server, tables, plan.quick ? 1 : 5);
  return {
    title: 'The same calls on larger tables',
    about:
      `One server with a table of each size; the sizes take turns. ${IN_FLIGHT} gets or sets in ` +
      'flight. `deletePrefix` removes 100 keys. Boots happen while another transaction holds row locks.',
    tables: [calls.table, prefix.table, boot],
    targets: [...calls.targets, ...prefix.targets],
    wrong: calls.wrong + prefix.wrong,
  };
}

async function openTable(server: Server, rows: number, lab: Lab): Promise<SizedTable> {
  const label = `${rows.toLocaleString('en')} rows`;
  say(`scale: ${label}`);
  const tableName = tableOf(rows);
  const opened = await openNestStore(server.url, { tableName });
  lab.defer(() => opened.close());
  await fillTable(server.url, tableName, rows);
  return { rows, label, opened };
}

async function compareCalls(
  plan: Plan,
  server: Server,
  tables: readonly SizedTable[],
): Promise<{ table: Table; targets: Target[]; wrong: number }> {
  const systems = tables.map(({ label, opened }) => ours(label, server, opened));
  const rowsOf = new Map(tables.map(({ label, rows }) => [label, rows]));
  const results = new Map<string, number[][]>();
  let wrong = 0;
  for (const workload of ['get', 'set'] as const) {
    say(`scale: ${workload}`);
    const rounds = await sideBySide(
      systems,
      ({ name }) => ({
        workload,
        inFlight: IN_FLIGHT,
        rows: rowsOf.get(name) ?? 0,
        seconds: plan.seconds,
      }),
      plan.judgedRounds,
    );
    results.set(
      workload,
      [...rounds.values()].map((its) => its.map(({ callsPerSecond }) => callsPerSecond)),
    );
    for (const round of [...rounds.values()].flat()) wrong += round.wrong;
  }
  const [gets = [], sets = []] = results.values();
  const targets = tables.flatMap((table, at) => {
    if (!isLarge(table, tables)) return [];
    const what = `get at ${table.label} against ${tables[0]?.label}`;
    return [atLeast(what, LEAST_RATIO, ratioToFirst(gets, at))];
  });
  const table = {
    title: `Calls a second by size of the table, ${IN_FLIGHT} in flight`,
    columns: ['table', 'get', 'set'],
    rows: tables.map(({ label }, at) => [
      label,
      digits(median(gets[at] ?? [])),
      digits(median(sets[at] ?? [])),
    ]),
  };
  return { table, targets, wrong };
}

function ratioToFirst(figures: readonly number[][], at: number): number {
  return medianRatio(figures[at] ?? [], figures[0] ?? []);
}
