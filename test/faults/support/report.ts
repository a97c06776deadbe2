/** `FAULTS_FULL=1` runs the long form; the short one is part of every test run. */
export const full = process.env.FAULTS_FULL === '1';

export function scale(short: number, long: number): number {
  return full ? long : short;
}

/** Figures for the reader, on a line of their own. */
export function report(text: string): void {
  process.stdout.write(`faults: ${text}\n`);
}
