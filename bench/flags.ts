import { parseArgs } from 'node:util';

/** How much is done; every number of the benchmark that depends on the form of the run. */
export interface Plan {
  quick: boolean;
  only: readonly string[];
  /** Sessions in the tables of the main comparison. */
  rows: number;
  inFlight: readonly number[];
  /** Length of one round. */
  seconds: number;
  /** Rounds of a cell that a target is judged by, and of the others. */
  judgedRounds: number;
  otherRounds: number;
  scaleRows: readonly number[];
  sweepRows: number;
  /** Simulated minutes; an hour holds whole cycles of any bucket of expiries. */
  touches: { sessions: number; minutes: number };
  planRows: number;
  heapCalls: { early: number; late: number };
  processes: number;
  loneCalls: number;
}

const FULL: Omit<Plan, 'only'> = {
  quick: false,
  rows: 100_000,
  inFlight: [1, 16, 64, 256],
  seconds: 0.7,
  judgedRounds: 7,
  otherRounds: 3,
  scaleRows: [10_000, 100_000, 1_000_000],
  sweepRows: 1_000_000,
  touches: { sessions: 17_000, minutes: 60 },
  planRows: 200_000,
  heapCalls: { early: 1_000_000, late: 5_000_000 },
  processes: 4,
  loneCalls: 8_000,
};

/** For correctness, not for figures: every experiment runs, each on a small table. */
const QUICK: Omit<Plan, 'only'> = {
  quick: true,
  rows: 2_000,
  inFlight: [1, 64],
  seconds: 0.06,
  judgedRounds: 1,
  otherRounds: 1,
  scaleRows: [1_000, 5_000],
  sweepRows: 10_000,
  touches: { sessions: 1_000, minutes: 6 },
  planRows: 5_000,
  heapCalls: { early: 5_000, late: 20_000 },
  processes: 2,
  loneCalls: 64,
};

const TEN_MILLION = 10_000_000;

export const USAGE = `npm run bench -- [--quick] [--only calls,scale,…] [--rows N] [--seconds N] [--ten-million]`;

export function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rows: { type: 'string' },
      seconds: { type: 'string' },
      'ten-million': { type: 'boolean', default: false },
    },
  });
  const plan: Plan = {
    ...(values.quick ? QUICK : FULL),
    only: values.only.split(',').filter(Boolean),
  };
  if (values.rows !== undefined) plan.rows = Math.floor(positive('--rows', values.rows));
  if (values.seconds !== undefined) plan.seconds = positive('--seconds', values.seconds);
  if (values['ten-million']) plan.scaleRows = [...plan.scaleRows, TEN_MILLION];
  return plan;
}

export function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`${flag} must be a positive number, not ${JSON.stringify(text)}`);
  }
  return value;
}
