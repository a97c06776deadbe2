import type { Plan } from '../flags.js';
import { sideBySide } from '../measure/side-by-side.js';
import { median, medianRatio } from '../measure/statistics.js';
import { atMost, digits, type Outcome, type Target } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import type { Server } from '../servers/server.js';
import { KEY_SQL, SESSION_SQL, TTL } from '../dataset.js';
import { withClient } from '../systems/client.js';
import { openNestStore, type NestStore } from '../systems/nest-store.js';
import { ours } from '../systems/ours.js';
import type { System } from '../systems/system.js';
import { say, type Experiment } from './experiment.js';

export const plans: Experiment = { name: 'plans', run };

const GROWN = 'grown without ANALYZE';
const ANALYZED = 'after ANALYZE';
const MOST_RATIO = 1.5;
const CELLS = [
  { workload: 'get', inFlight: 64 },
  { workload: 'touch', inFlight: 64 },
  { workload: 'get', inFlight: 1 },
  { workload: 'touch', inFlight: 1 },
] as const;

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const server = await lab.postgres({ autovacuum: 'off' });
  say('plans: statements on empty tables');
  const grown = await openGrown(server, lab, 'grown', GROWN, plan.planRows);
  const analyzed = await openGrown(server, lab, 'analyzed', ANALYZED, plan.planRows);
  await withClient(server.url, (client) => client.query('ANALYZE analyzed'));

  const rows: string[][] = [];
  const targets: Target[] = [];
  let wrong = 0;
  for (const { workload, inFlight } of CELLS) {
    say(`plans: ${workload}, ${inFlight} in flight`);
    const { seconds, judgedRounds } = plan;
    const load = { workload, inFlight, seconds, rows: plan.planRows };
    const rounds = await sideBySide([grown, analyzed], load, judgedRounds);
    const [without = [], after = []] = [...rounds.values()].map((its) =>
      its.map(({ callsPerSecond }) => callsPerSecond),
    );
    for (const round of [...rounds.values()].flat()) wrong += round.wrong;
    const what = `${workload}, ${inFlight} in flight`;
    rows.push([what, digits(median(without)), digits(median(after))]);
    targets.push(
      atMost(
        `time of ${what}, on a table grown from empty without ANALYZE, against after it`,
        MOST_RATIO,
        medianRatio(after, without),
      ),
    );
  }
  return {
    title: 'Statements prepared while the table was empty',
    about:
      `Two tables grew from empty to ${plan.planRows.toLocaleString('en')} rows with autovacuum off, ` +
      'under stores that had used every statement before; one of them was then analyzed.',
    tables: [{ title: 'Calls a second', columns: ['', GROWN, ANALYZED], rows }],
    targets,
    wrong,
  };
}

async function openGrown(
  server: Server,
  lab: Lab,
  tableName: string,
  name: string,
  rows: number,
): Promise<System> {
  const opened = await openNestStore(server.url, { tableName });
  lab.defer(() => opened.close());
  await useStatements(opened);
  await withClient(server.url, (client) =>
    client.query(
      `INSERT INTO ${tableName} (id, value, expires_at)
       SELECT ${KEY_SQL}, convert_to(${SESSION_SQL}, 'UTF8'), now() + interval '${TTL} ms'
       FROM generate_series(0, ${rows - 1}) i`,
    ),
  );
  return ours(name, server, opened);
}

/** Often enough that every connection has prepared, and settled on a plan for, each statement. */
async function useStatements({ store }: NestStore): Promise<void> {
  for (let time = 0; time < 50; time++) {
    const keys = Array.from({ length: time % 2 ? 1 : 128 }, (_, i) => `absent:${i}`);
    await Promise.all(keys.map((key) => store.get(key)));
    await Promise.all(keys.map((key) => store.touch(key, TTL)));
  }
}
