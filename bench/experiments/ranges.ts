import { KEY_SQL, SESSION_SQL } from '../dataset.js';
import type { Plan } from '../flags.js';
import { drive } from '../measure/round.js';
import { callerOf } from '../measure/workload.js';
import { atMost, digits, type Outcome, type Target } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import { withClient } from '../systems/client.js';
import { fillTable } from '../systems/load.js';
import { openNestStore, type NestStore } from '../systems/nest-store.js';
import { ours } from '../systems/ours.js';
import { say, type Experiment } from './experiment.js';

export const ranges: Experiment = { name: 'ranges', run };

const TABLE = 'celeris_sessions';
const IN_FLIGHT = 64;
const MOST_RATIO = 2;
const LONGEST_GET_MS = 300;
/** A range call is waited for no longer. */
const MOST_SECONDS = 240;
const PREFIX = 'mass:';
const OWNER = 'mass';

interface During {
  name: string;
  seconds: number;
  p99: number;
  longest: number;
  wrong: number;
}

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const server = await lab.postgres();
  const opened = await openNestStore(server.url);
  lab.defer(() => opened.close());
  await fillTable(server.url, TABLE, plan.rows);
  const get = callerOf(ours('ours', server, opened), 'get');
  const load = { inFlight: IN_FLIGHT, rows: plan.rows };

  const alone = async (): Promise<number> => {
    await drive(get, { ...load, seconds: plan.seconds });
    const { latencies } = await drive(get, { ...load, seconds: plan.quick ? 0.5 : 6 });
    return latencies.quantile(0.99);
  };
  const during = async (name: string, work: () => Promise<unknown>): Promise<During> => {
    say(`ranges: gets while ${name}`);
    const ended = new AbortController();
    const begun = performance.now();
    const [{ latencies, wrong }] = await Promise.all([
      drive(get, { ...load, seconds: MOST_SECONDS }, ended.signal),
      work().finally(() => ended.abort()),
    ]);
    const seconds = (performance.now() - begun) / 1000;
    return { name, seconds, p99: latencies.quantile(0.99), longest: latencies.quantile(1), wrong };
  };

  const p99 = await alone();
  const rows = plan.sweepRows.toLocaleString('en');
  await addMass(server.url, plan.sweepRows);
  const results = [
    await during(`${rows} rows go by deletePrefix`, () => opened.store.deletePrefix(PREFIX)),
  ];
  await addMass(server.url, plan.sweepRows);
  results.push(
    await during(`${rows} rows go by deleteOwner`, () => opened.store.deleteOwner(OWNER)),
  );
  const keys = plan.rows.toLocaleString('en');
  // What the rows before leave behind is not the scan's affair.
  await withClient(server.url, (client) => client.query(`VACUUM ${TABLE}`));
  results.push(await during(`${keys} keys are scanned`, () => scanAll(opened, plan.rows)));
  return {
    title: 'Range calls while sessions are read',
    about: `${IN_FLIGHT} gets in flight on ${keys} sessions. Alone their p99 is ${digits(p99)} ms.`,
    tables: [
      {
        title: 'Gets meanwhile',
        columns: ['while', 's', 'p99, ms', 'longest, ms'],
        rows: results.map(({ name, seconds, p99: its, longest }) => [
          name,
          ...[seconds, its, longest].map(digits),
        ]),
      },
    ],
    targets: results.flatMap((result) => targetsOf(result, p99)),
    wrong: results.reduce((sum, { wrong }) => sum + wrong, 0),
  };
}

function targetsOf({ name, p99, longest }: During, alone: number): Target[] {
  return [
    atMost(`p99 of gets while ${name}, against alone`, MOST_RATIO, p99 / alone),
    atMost(`longest get while ${name}, against ${LONGEST_GET_MS} ms`, 1, longest / LONGEST_GET_MS),
  ];
}

async function scanAll({ store }: NestStore, expected: number): Promise<void> {
  let count = 0;
  for await (const _key of store.scan('')) count++;
  if (count !== expected) throw new Error(`the scan found ${count} keys instead of ${expected}`);
}

async function addMass(url: string, rows: number): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(
      `INSERT INTO ${TABLE} (id, value, owner)
       SELECT '${PREFIX}' || ${KEY_SQL}, convert_to(${SESSION_SQL}, 'UTF8'), '${OWNER}'
       FROM generate_series(1, ${rows}) i`,
    );
    await client.query(`VACUUM (ANALYZE) ${TABLE}`);
    await client.query('CHECKPOINT');
  });
}
