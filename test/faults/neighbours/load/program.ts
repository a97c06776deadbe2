// A process of its own: two stores, their callers, what goes wrong, and a neighbour on their pools. Started
// by the tests beside it, it says in a message what the calls came to.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { workOn } from '../../../support/neighbours/neighbour.js';
import { startApplication, type Application } from './application.js';
import { Attempts } from './attempts.js';
import { Caller } from './caller.js';
import { neighbourOf } from './neighbours.js';
import type { Packages } from './packages.js';
import type { LoadReport, LoadSettings } from './settings.js';
import { Tally } from './tally.js';
import { Trouble } from './trouble.js';
import { LIVE, REFUSED, valueOf } from './values.js';

const CALLERS = 64;
/** One of so many callers is hasty. */
const HASTY_SHARE = 8;
/** Rounds of a neighbour's work at once, on each pool. */
const WORKERS = 3;
/** Milliseconds: longer than any call takes that is made at the end. */
const SETTLE_WITHIN = 15_000;

const settings = JSON.parse(process.argv[2] ?? '') as LoadSettings;
const { tableName } = settings;
const tally = new Tally();
tally.watchUncaught();

const packages = (await import(settings.packages)) as Packages;
const admin = new packages.pg.Client({ connectionString: settings.connectionString });
await admin.connect();
await makeTable(admin);
const neighbour = await neighbourOf(settings);
const application = await started();

const end = performance.now() + settings.milliseconds;
const goesOn = (): boolean => performance.now() < end;
const callers = makeCallers(application);
const trouble = new Trouble(admin, settings.applicationName, tableName);
let rounds = 0;
const work = application.pools.flatMap((pool) =>
  Array.from({ length: WORKERS }, () => workOn(pool, neighbour, goesOn, () => (rounds += 1))),
);
const loaded = await allSettle(settings.milliseconds + SETTLE_WITHIN, {
  'calls that never settled': callers.map((caller) => caller.work(goesOn)),
  'a neighbour that waits for ever': work,
  'trouble that never ended': [trouble.make(goesOn)],
});
const closed =
  loaded && (await allSettle(SETTLE_WITHIN, { 'never closed': [application.close()] }));
if (closed) await compareTable(callers, admin);
await admin.end();
say({
  type: 'report',
  faults: tally.faults,
  right: tally.right,
  rejections: tally.rejections,
  terminated: trouble.terminated,
  rounds: neighbour.work && rounds,
});
if (closed) process.disconnect();
else process.exit(1);

/** Errors that nobody catches are counted, so one of the start would leave the tests without a report. */
async function started(): Promise<Application> {
  try {
    const its = await startApplication(packages, settings, neighbour);
    await its.store.setMany(LIVE.map((key): [string, string] => [key, valueOf(key)]));
    return its;
  } catch (error) {
    console.error('The application did not start:', error);
    process.exit(1);
  }
}

/** Resolves to whether all of them came to their end in time. */
async function allSettle(
  milliseconds: number,
  waits: Record<string, Promise<unknown>[]>,
): Promise<boolean> {
  const tooLate = sleep(milliseconds, false, { ref: false });
  const settled = await Promise.all(
    Object.entries(waits).map(async ([what, promises]) => {
      const inTime = await Promise.race([Promise.all(promises).then(() => true), tooLate]);
      if (!inTime) tally.fault(what, `not after ${milliseconds} ms`);
      return inTime;
    }),
  );
  return settled.every(Boolean);
}

function makeCallers({ store, hasty }: Application): Caller[] {
  const attempts = new Attempts(tally);
  return Array.from(
    { length: CALLERS },
    (_, n) => new Caller(n % HASTY_SHARE === 0 ? hasty : store, attempts, tally, n),
  );
}

/** Not by the stores, which may have to wait for no longer than the pool's query timeout. */
async function makeTable(admin: Client): Promise<void> {
  const check = `CHECK (substr(value, 1, ${REFUSED.length}) <> '${REFUSED}')`;
  await admin.query(packages.getSessionSchemaSql({ tableName }));
  await admin.query(`ALTER TABLE ${tableName} ADD ${check}`);
}

/** What was acknowledged is there, whoever had the connection it was written on. */
async function compareTable(callers: Caller[], admin: Client): Promise<void> {
  const { rows } = await admin.query<{ id: string; value: Buffer }>(
    `SELECT id, value FROM ${tableName}`,
  );
  const found = new Map(rows.map(({ id, value }) => [id, value.toString()]));
  for (const { possible } of callers)
    for (const [key, values] of possible)
      if (!values.includes(found.get(key)))
        tally.fault('a write that was acknowledged and is not in the table', key);
}

function say(report: LoadReport): void {
  process.send?.(report);
}
