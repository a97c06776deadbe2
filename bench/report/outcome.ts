export interface Table {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** One line of what the library must reach. */
export interface Target {
  what: string;
  wanted: string;
  reached: string;
  pass: boolean;
}

export interface Bar {
  label: string;
  value: number;
  ours: boolean;
}

export interface Chart {
  title: string;
  bars: readonly Bar[];
}

/** What an experiment hands to the report. */
export interface Outcome {
  title: string;
  /** What was done, in a sentence or two. */
  about: string;
  tables: Table[];
  targets: Target[];
  charts?: Chart[];
  /** Values that were not what had been written, and calls that failed: a reason to fail the run. */
  wrong: number;
}

type Unit = '×' | '%';

export function atLeast(what: string, limit: number, value: number, unit: Unit = '×'): Target {
  return target(what, '≥', limit, value, unit, value >= limit);
}

export function atMost(what: string, limit: number, value: number, unit: Unit = '×'): Target {
  return target(what, '≤', limit, value, unit, value <= limit);
}

function target(
  what: string,
  sign: string,
  limit: number,
  value: number,
  unit: Unit,
  pass: boolean,
): Target {
  return { what, wanted: `${sign} ${limit} ${unit}`, reached: `${digits(value)} ${unit}`, pass };
}

/** Three digits that count, thousands apart; `–` for what could not be measured. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(value < 1 ? 2 : 3);
}
