import { KEY_SQL, SESSION_SQL } from '../dataset.js';
import type { Plan } from '../flags.js';
import { drive } from '../measure/round.js';
import { callerOf } from '../measure/workload.js';
import { atMost, digits, type Outcome } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';
import { withClient } from '../systems/client.js';
import { fillTable } from '../systems/load.js';
import { openNestStore } from '../systems/nest-store.js';
import { ours } from '../systems/ours.js';
import { say, type Experiment } from './experiment.js';

export const sweep: Experiment = { name: 'sweep', run };

const TABLE = 'celeris_sessions';
const IN_FLIGHT = 64;
const MOST_RATIO = 2;
/** The sweep is cut off after that, and what it did until then is judged. */
const MOST_SECONDS = 240;

async function run(plan: Plan, lab: Lab): Promise<Outcome> {
  const server = await lab.postgres({ shared_preload_libraries: 'pg_stat_statements' });
  const opened = await openNestStore(server.url);
  lab.defer(() => opened.close());
  say('sweep: filling the table');
  await addExpired(server.url, plan.sweepRows);
  await fillTable(server.url, TABLE, plan.rows);

  const get = callerOf(ours('ours', server, opened), 'get');
  const load = { inFlight: IN_FLIGHT, rows: plan.rows };
  const seconds = plan.quick ? 0.5 : 6;
  say('sweep: gets before it');
  await drive(get, { ...load, seconds: seconds / 3 });
  const before = await drive(get, { ...load, seconds });
  say('sweep: gets during it');
  const swept = new AbortController();
  const [report, during] = await Promise.all([
    opened.cleanup
      .sweep({ signal: AbortSignal.timeout(MOST_SECONDS * 1000) })
      .finally(() => swept.abort()),
    drive(get, { ...load, seconds: MOST_SECONDS }, swept.signal),
  ]);
  const { left, longest } = await afterwards(server.url);

  const [p99Before, p99During] = [before, during].map(({ latencies }) => latencies.quantile(0.99));
  const rows = report.deleted.toLocaleString('en');
  return {
    title: 'A sweep while sessions are read',
    about:
      `${plan.sweepRows.toLocaleString('en')} expired rows beside ${plan.rows.toLocaleString('en')} ` +
      `live ones, ${IN_FLIGHT} gets in flight.`,
    tables: [
      {
        title: 'The sweep',
        columns: ['rows swept', 'rows a second', 'batches', 'longest statement, ms'],
        rows: [
          [
            rows,
            digits((report.deleted / report.durationMs) * 1000),
            String(report.batches),
            digits(longest),
          ],
        ],
      },
      {
        title: 'Gets before and during',
        columns: ['', 'p50, ms', 'p99, ms'],
        rows: [
          ['before', digits(before.latencies.quantile(0.5)), digits(p99Before ?? NaN)],
          ['during', digits(during.latencies.quantile(0.5)), digits(p99During ?? NaN)],
        ],
      },
    ],
    targets: [
      atMost(
        `p99 of gets while ${rows} rows are swept, against before`,
        MOST_RATIO,
        (p99During ?? NaN) / (p99Before ?? NaN),
      ),
    ],
    wrong:
      before.wrong +
      during.wrong +
      Math.abs(plan.sweepRows + plan.rows - report.deleted - left) +
      (report.skipped ? 1 : 0),
  };
}

/** Rows that expired over the last day. */
async function addExpired(url: string, rows: number): Promise<void> {
  await withClient(url, (client) =>
    client.query(
      `INSERT INTO ${TABLE} (id, value, expires_at)
       SELECT 'expired:' || ${KEY_SQL}, convert_to(${SESSION_SQL}, 'UTF8'),
              now() - i * interval '1 day' / ${rows}
       FROM generate_series(1, ${rows}) i`,
    ),
  );
}

async function afterwards(url: string): Promise<{ left: number; longest: number }> {
  return withClient(url, async (client) => {
    await client.query('CREATE EXTENSION pg_stat_statements');
    const { rows } = await client.query<{ left: number; longest: number }>(
      `SELECT (SELECT count(*)::int FROM ${TABLE}) AS left,
              (SELECT max(max_exec_time) FROM pg_stat_statements
               WHERE query ILIKE '%DELETE FROM%') AS longest`,
    );
    return rows[0] ?? { left: NaN, longest: NaN };
  });
}
