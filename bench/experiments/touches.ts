import { keysOf, TTL } from '../dataset.js';
import type { Plan } from '../flags.js';
import { mean } from '../measure/statistics.js';
import { atLeast, atMost, digits, type Outcome } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import type { Server } from '../servers/server.js';
import { withClient } from '../systems/client.js';
import { fillTable } from '../systems/load.js';
import { openNestStore } from '../systems/nest-store.js';
import { seedSql, seedTable } from '../systems/seed-sql.js';
import { footprint, updatesOf, walPosition } from '../measure/table-costs.js';
import { say, type Experiment } from './experiment.js';

export const touches: Experiment = { name: 'touches', run };

const MINUTE = 60_000;
const HALF_HOUR = 30 * MINUTE;
const IN_FLIGHT = 64;
/** A layout gets no more time than that, and fewer simulated minutes where they do not fit. */
const MOST_SECONDS = 100;
const SEED_WRITES = 10_000;
const LEAST_HOT_HALF_HOUR = 75;
const LEAST_HOT_DAY = 95;
const MOST_WAL = 0.5;

interface Costs {
  label: string;
  hotPercent: number;
  walBytes: number;
  minutes: number;
  before: string;
  after: string;
  refused: number;
}

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const server = await lab.postgres();
  await withClient(server.url, (client) => client.query(seedTable('seed_layout')));
  const own = await rollingTouches('our layout, ttl 30 min', server, 'own_30m', HALF_HOUR, plan);
  const day = await rollingTouches('our layout, ttl 24 h', server, 'own_24h', TTL, plan);
  const seed = await rollingTouches(
    "the seed's layout, ttl 30 min",
    server,
    'seed_layout',
    HALF_HOUR,
    plan,
  );
  const rewrite = await walOfSeedWrites(server, 'seed_layout', plan);
  const all = [own, day, seed];
  return {
    title: 'What a rolling touch costs the database',
    about:
      `${plan.touches.sessions.toLocaleString('en')} sessions, each touched once a minute for ` +
      `${plan.touches.minutes} simulated minutes: the expiries advance as they would, only faster, so ` +
      'autovacuum has less time than in life. The same store runs on both layouts. WAL is the mean ' +
      'of the minutes after the first, in which each page is dirtied once after a checkpoint. ' +
      `The seed itself has no touch; its rewrite of a session costs ${digits(rewrite)} bytes there.`,
    tables: [
      {
        title: 'Rolling touches',
        columns: [
          '',
          'minutes',
          'HOT updates',
          'WAL bytes a touch',
          'table + index before',
          'after',
        ],
        rows: all.map(({ label, minutes, hotPercent, walBytes, before, after }) => [
          label,
          String(minutes),
          `${digits(hotPercent)} %`,
          digits(walBytes),
          before,
          after,
        ]),
      },
    ],
    targets: [
      atLeast(
        'HOT updates, ttl 30 min, one touch a minute',
        LEAST_HOT_HALF_HOUR,
        own.hotPercent,
        '%',
      ),
      atLeast('HOT updates, ttl 24 h, one touch a minute', LEAST_HOT_DAY, day.hotPercent, '%'),
      atMost(
        "bytes of WAL a touch against the seed's layout",
        MOST_WAL,
        own.walBytes / seed.walBytes,
      ),
    ],
    wrong: all.reduce((sum, { refused }) => sum + refused, 0),
  };
}

async function rollingTouches(
  label: string,
  server: Server,
  tableName: string,
  ttl: number,
  { touches: { sessions, minutes } }: Plan,
): Promise<Costs> {
  say(`touches: ${label}`);
  const { store, close } = await openNestStore(server.url, { tableName });
  await fillTable(server.url, tableName, sessions);
  const before = await footprint(server.url, tableName);
  // People come back in their own order, not in that of the table: md5 keys, sorted, are a shuffle.
  const keys = keysOf(sessions).keys.toSorted();
  const walBytes: number[] = [];
  let refused = 0;
  const deadline = performance.now() + MOST_SECONDS * 1000;
  for (let minute = 0; minute < minutes && performance.now() < deadline; minute++) {
    const start = await walPosition(server.url);
    refused += await forEach(keys, (key, at) =>
      store.touch(key, ttl + Math.round((minute + at / sessions) * MINUTE)),
    );
    walBytes.push(((await walPosition(server.url)) - start) / sessions);
  }
  // A backend that ends leaves no statistics unsaid.
  await close();
  const { updates, hot } = await updatesOf(server.url, tableName, walBytes.length * sessions);
  const after = await footprint(server.url, tableName);
  const settled = mean(walBytes.slice(1));
  return {
    label,
    hotPercent: (hot / updates) * 100,
    walBytes: settled,
    minutes: walBytes.length,
    before,
    after,
    refused,
  };
}

/** Calls on every key with some of them under way at once; how many said no. */
async function forEach(
  keys: readonly string[],
  call: (key: string, at: number) => Promise<boolean>,
): Promise<number> {
  const entries = keys.entries();
  let refused = 0;
  const worker = async (): Promise<void> => {
    for (const [at, key] of entries) if (!(await call(key, at))) refused++;
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return refused;
}

async function walOfSeedWrites(server: Server, table: string, plan: Plan): Promise<number> {
  const system = seedSql('seed', server, table);
  const count = Math.min(SEED_WRITES, plan.touches.sessions);
  const start = await walPosition(server.url);
  await forEach(keysOf(plan.touches.sessions).keys.slice(0, count), async (key, at) => {
    await system.touch(key, at);
    return true;
  });
  const bytes = (await walPosition(server.url)) - start;
  await system.close();
  return bytes / count;
}
