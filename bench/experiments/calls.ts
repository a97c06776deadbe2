import { isExactly, keyOf } from '../dataset.js';
import type { Plan } from '../flags.js';
import { median } from '../measure/statistics.js';
import { sideBySide, type Rounds } from '../measure/side-by-side.js';
import { WORKLOADS, type Workload } from '../measure/workload.js';
import { digits, type Chart, type Outcome, type Table } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import { OURS, OURS_LENT, OURS_PARSED, OURS_UNBATCHED, openSystems } from '../systems/all.js';
import type { System } from '../systems/system.js';
import { isJudged, judge, type Cells } from './call-targets.js';
import { say, type Experiment } from './experiment.js';

export const calls: Experiment = { name: 'calls', run };

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const { all, durableSets } = await openSystems(plan, lab);
  let wrong = await verifyAll([...all, ...durableSets], plan.rows);
  const cells: Cells = new Map();
  for (const workload of WORKLOADS) {
    const systems = workload === 'set' ? [...all, ...durableSets] : all;
    for (const inFlight of plan.inFlight) {
      say(`calls: ${workload}, ${inFlight} in flight`);
      const rounds = isJudged(workload, inFlight) ? plan.judgedRounds : plan.otherRounds;
      const { rows, seconds } = plan;
      const results = await sideBySide(systems, { workload, inFlight, rows, seconds }, rounds);
      cells.set(`${workload} ${inFlight}`, results);
      for (const { wrong: bad } of [...results.values()].flat()) wrong += bad;
    }
  }
  return {
    title: 'Calls a second, side by side',
    about:
      `${plan.rows.toLocaleString('en')} sessions of 600 bytes, one Node process. The systems take ` +
      `turns in rounds of ${plan.seconds} s; figures are medians of the rounds, ratios are medians ` +
      `of the ratios of one round. Every value read is checked. The mix is 90 % get, 9 % touch, ` +
      `1 % set. The seed's SQL and Keyv have no touch: they write the session anew.`,
    tables: WORKLOADS.flatMap((workload) => tablesOf(workload, plan, cells)),
    targets: judge(cells),
    charts: chartsOf(cells),
    wrong,
  };
}

/** Before any figure: what is written is read back, to the last byte; what is absent is absent. */
async function verifyAll(systems: readonly System[], rows: number): Promise<number> {
  let wrong = 0;
  for (const system of systems) {
    const answers = await verify(system, rows);
    wrong += answers.filter((right) => !right).length;
    if (answers.includes(false)) say(`${system.name} returned a wrong value: ${answers.join()}`);
  }
  return wrong;
}

async function verify(system: System, rows: number): Promise<boolean[]> {
  const n = Math.floor(Math.random() * rows);
  const key = keyOf(n);
  const answers: boolean[] = [];
  for (const v of [1, 0]) {
    await system.set(key, n, v);
    answers.push(isExactly(await system.get(key), n, v));
  }
  await system.touch(key, n);
  answers.push(isExactly(await system.get(key), n, 0));
  answers.push((await system.get('absent')) == null);
  return answers;
}

function tablesOf(workload: Workload, { inFlight }: Plan, cells: Cells): Table[] {
  const columns = ['system', ...inFlight.map((count) => `${count} in flight`)];
  const table = (title: string, show: (rounds: Rounds, name: string) => string): Table => ({
    title: `${workload}: ${title}`,
    columns,
    rows: namesOf(workload, inFlight, cells).map((name) => [
      name,
      ...inFlight.map((count) => {
        const rounds = cells.get(`${workload} ${count}`);
        return rounds ? show(rounds, name) : '–';
      }),
    ]),
  });
  return [
    table('calls a second', (rounds, name) =>
      digits(median(column(rounds, name, 'callsPerSecond'))),
    ),
    table('p50 / p99, ms', (rounds, name) => pair(rounds, name, 'p50', 'p99', ' / ')),
    table('CPU µs a call, Node + server', (rounds, name) =>
      pair(rounds, name, 'nodeCpu', 'serverCpu', ' + '),
    ),
  ];
}

type Figure = 'callsPerSecond' | 'p50' | 'p99' | 'nodeCpu' | 'serverCpu';

function column(rounds: Rounds, name: string, figure: Figure): number[] {
  return (rounds.get(name) ?? []).map((round) => round[figure]);
}

function pair(rounds: Rounds, name: string, a: Figure, b: Figure, between: string): string {
  return [a, b].map((figure) => digits(median(column(rounds, name, figure)))).join(between);
}

function namesOf(workload: Workload, inFlight: readonly number[], cells: Cells): string[] {
  return [...(cells.get(`${workload} ${inFlight[0]}`)?.keys() ?? [])];
}

function chartsOf(cells: Cells): Chart[] {
  const mine = [OURS, OURS_LENT, OURS_PARSED, OURS_UNBATCHED];
  return (['get', 'set', 'mix'] as const).flatMap((workload) => {
    const rounds = cells.get(`${workload} 64`);
    if (!rounds) return [];
    const bars = [...rounds.keys()].map((label) => ({
      label,
      value: median(column(rounds, label, 'callsPerSecond')),
      ours: mine.includes(label),
    }));
    return [{ title: `${workload}, 64 in flight: calls a second`, bars }];
  });
}
