import type { Plan } from '../flags.js';
import type { Outcome } from '../report/outcome.js';
import type { Lab } from '../servers/lab.js';

export interface Experiment {
  /** As `--only` takes it. */
  readonly name: string;
  /** Left out unless asked for by name. */
  readonly onDemand?: boolean;
  run(plan: Plan, lab: Lab): Promise<Outcome>;
}

/** Progress, apart from the report on stdout. */
export function say(message: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${message}\n`);
}
