import { Pool, type PoolClient } from 'pg';
import { isSession, keysOf } from '../dataset.js';
import type { Plan } from '../flags.js';
import { Latencies } from '../measure/latencies.js';
import { median, medianRatio } from '../measure/statistics.js';
import { atMost, digits, type Outcome } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import { fillTable } from '../systems/load.js';
import { openNestStore } from '../systems/nest-store.js';
import { seedStatements } from '../systems/seed-sql.js';
import { say, type Experiment } from './experiment.js';

export const lone: Experiment = { name: 'lone', run };

const TABLE = 'celeris_sessions';
const MOST_RATIO = 1.1;
const BLOCKS = 16;

type Getter = (key: string) => Promise<Buffer | undefined>;

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  say('lone: one get at a time');
  const server = await lab.postgres();
  const { store, close } = await openNestStore(server.url);
  lab.defer(close);
  await fillTable(server.url, TABLE, plan.rows);
  const pool = new Pool({ connectionString: server.url, max: 10 });
  lab.defer(() => pool.end());
  const client = await pool.connect();
  lab.defer(async () => client.release());

  const getters = [(key: string) => store.get(key), named(client), named(pool)];
  const { medians, wrong } = await takeTurns(getters, plan);
  const [ours = [], onClient = [], throughPool = []] = medians;
  return {
    title: 'One get at a time',
    about:
      'The p50 of a lone get against that of a bare named statement, alternating call by call, ' +
      `${plan.loneCalls.toLocaleString('en')} calls each.`,
    tables: [
      {
        title: 'p50 of a lone get, ms',
        columns: ['', 'ms'],
        rows: [
          ['ours', digits(median(ours))],
          ['named statement on a checked-out connection', digits(median(onClient))],
          ['named statement by pool.query', digits(median(throughPool))],
        ],
      },
    ],
    targets: [
      atMost(
        'p50 of a lone get against a named statement on a checked-out connection',
        MOST_RATIO,
        medianRatio(ours, onClient),
      ),
      atMost(
        'p50 of a lone get against a named statement by pool.query',
        MOST_RATIO,
        medianRatio(ours, throughPool),
      ),
    ],
    wrong,
  };
}

function named(on: Pool | PoolClient): Getter {
  const text = seedStatements(TABLE).get;
  return async (key) =>
    (await on.query<{ value: Buffer }>({ name: 'lone', text, values: [key] })).rows[0]?.value;
}

/** The p50 of each getter in each block; the getters alternate within it. */
async function takeTurns(
  getters: readonly Getter[],
  plan: Plan,
): Promise<{ medians: number[][]; wrong: number }> {
  const { keys, stride } = keysOf(plan.rows);
  const medians = getters.map((): number[] => []);
  let wrong = 0;
  for (let block = -1; block < BLOCKS; block++) {
    const latencies = getters.map(() => new Latencies());
    for (let call = 0; call < plan.loneCalls / BLOCKS; call++) {
      for (const [which, get] of getters.entries()) {
        const at = Math.floor(Math.random() * keys.length);
        const start = performance.now();
        const value = await get(keys[at] ?? '');
        latencies[which]?.add(performance.now() - start);
        if (!isSession(value, at * stride)) wrong++;
      }
    }
    // The first block is the warm-up.
    if (block >= 0) latencies.forEach((its, which) => medians[which]?.push(its.quantile(0.5)));
  }
  return { medians, wrong };
}
