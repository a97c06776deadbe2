import { expect, it } from '@jest/globals';
import type { Harness } from '../../../support/harness.js';
import { Program, type ProgramEnd } from '../../../support/program.js';
import { report, scale } from '../../support/report.js';
import { POOL_KINDS, type LoadReport, type LoadSettings, type PoolKind } from '../load/settings.js';

const MILLISECONDS = scale(3_000, 60_000);
/** For starting the processes and for calls that end late. */
const SPARE = 60_000;

const typescript = new URL('../../../../scripts/typescript.mjs', import.meta.url).href;
const program = new URL('../load/program.ts', import.meta.url);
const built = new URL('../load/packages.mjs', import.meta.url).href;

type Chosen = Pick<LoadSettings, 'neighbour'> &
  Partial<Pick<LoadSettings, 'packages' | 'queryBuilder' | 'queryTimeout'>>;

interface Run extends ProgramEnd {
  pool: PoolKind;
  report: LoadReport;
}

/** Declares the test of many callers beside a neighbour, with all that may go wrong besides. */
export function itWithstands(harness: Harness, name: string, choose: () => Chosen): void {
  it(
    'leave every call of 64 callers with its own answer, on an own and on a lent pool',
    async () => {
      const runs = await Promise.all(POOL_KINDS.map((pool) => run(harness, name, pool, choose())));
      const outcomes = runs.map(({ pool, report: { faults }, code }) => ({ pool, faults, code }));
      expect(outcomes).toEqual(POOL_KINDS.map((pool) => ({ pool, faults: [], code: 0 })));
      for (const each of runs) expectMuchToHaveHappened(each.report);
    },
    MILLISECONDS + SPARE,
  );
}

async function run(harness: Harness, name: string, pool: PoolKind, chosen: Chosen): Promise<Run> {
  const tableName = harness.table();
  const settings: LoadSettings = {
    connectionString: harness.url,
    applicationName: tableName,
    tableName,
    pool,
    milliseconds: MILLISECONDS,
    packages: built,
    ...chosen,
  };
  const args = [JSON.stringify(settings)];
  const child = Program.start(harness, program, args, ['--import', typescript]);
  const said = await child.heard<LoadReport>('report', MILLISECONDS + SPARE);
  report(`${name}, a pool of ${pool}: ${figures(said)}`);
  return { pool, report: said, ...(await child.ended) };
}

/** Otherwise the absence of faults would say nothing. */
function expectMuchToHaveHappened({ right, rejections, terminated, rounds }: LoadReport): void {
  expect(right).toBeGreaterThan(MILLISECONDS / 100);
  expect(Object.keys(rejections)).toEqual(
    expect.arrayContaining(['aborted', 'ERR_QUERY', 'ERR_TIMEOUT']),
  );
  expect(terminated).toBeGreaterThan(0);
  expect(rounds).not.toBe(0);
}

function figures({ right, faults, rejections, terminated, rounds }: LoadReport): string {
  const wrong = faults.map(({ kind, count }) => `${count} × ${kind}`).join(', ') || 'no fault';
  const own = rounds === undefined ? '' : `, ${rounds} rounds of its own`;
  const rejected = Object.entries(rejections).map(([code, count]) => `${code} ${count}`);
  return `${right} right gets, ${wrong}; ${rejected.join(', ')}; ${terminated} backends ended${own}`;
}
