import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calls } from './experiments/calls.js';
import { say, type Experiment } from './experiments/experiment.js';
import { heap } from './experiments/heap.js';
import { lone } from './experiments/lone.js';
import { plans } from './experiments/plans.js';
import { processes } from './experiments/processes.js';
import { ranges } from './experiments/ranges.js';
import { scale } from './experiments/scale.js';
import { sweep } from './experiments/sweep.js';
import { touches } from './experiments/touches.js';
import { tuning } from './experiments/tuning.js';
import { planOf, USAGE, type Plan } from './flags.js';
import { PROJECT_FOLDER } from './report/machine.js';
import { section, targetsTable } from './report/markdown.js';
import type { Outcome } from './report/outcome.js';
import { writeResults } from './report/write-results.js';
import { Lab } from './servers/lab.js';
import { redisVersion } from './servers/redis.js';

const EXPERIMENTS = [calls, lone, touches, plans, scale, sweep, ranges, heap, processes, tuning];

function chosen({ only }: Plan): Experiment[] {
  const unknown = only.filter((name) => !EXPERIMENTS.some((its) => its.name === name));
  if (unknown.length > 0) {
    const names = EXPERIMENTS.map(({ name }) => name).join(', ');
    throw new RangeError(`no experiment ${unknown.join(', ')}; there are ${names}`);
  }
  return EXPERIMENTS.filter(({ name, onDemand }) =>
    only.length ? only.includes(name) : !onDemand,
  );
}

async function runOne(experiment: Experiment, plan: Plan): Promise<Outcome> {
  // A quick run's figures say nothing, so it need not wait for the disk.
  const lab = new Lab(!plan.quick);
  try {
    return await experiment.run(plan, lab);
  } finally {
    await lab.close();
  }
}

/** Only a full run may say what the project says of itself. */
async function folderFor(plan: Plan): Promise<string> {
  const full = !plan.quick && plan.only.length === 0;
  return full ? join(PROJECT_FOLDER, 'bench') : mkdtemp(join(tmpdir(), 'bench-results-'));
}

/** What was asked for; `undefined` where that was said wrongly, which is told. */
function readArguments(): { plan: Plan; experiments: Experiment[] } | undefined {
  try {
    const plan = planOf(process.argv.slice(2));
    return { plan, experiments: chosen(plan) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return undefined;
  }
}

async function main(): Promise<void> {
  const asked = readArguments();
  if (!asked) {
    process.exitCode = 2;
    return;
  }
  const { plan, experiments } = asked;
  const start = performance.now();
  if (!redisVersion()) say('no redis-server on the PATH: compared without Redis');
  const outcomes: Outcome[] = [];
  for (const experiment of experiments) {
    const outcome = await runOne(experiment, plan);
    outcomes.push(outcome);
    console.log(`\n${section(outcome)}`);
  }
  const targets = outcomes.flatMap((outcome) => outcome.targets);
  if (targets.length > 0) console.log(`\n## What must be reached\n\n${targetsTable(targets)}`);
  if (plan.quick) console.log('\nA quick run is for correctness: its figures say nothing.');
  const folder = await folderFor(plan);
  await writeResults(folder, outcomes, (performance.now() - start) / 60_000);
  say(`results are in ${folder}`);
  const wrong = outcomes.reduce((sum, outcome) => sum + outcome.wrong, 0);
  if (wrong > 0) {
    console.error(`${wrong} wrong values or answers`);
    process.exitCode = 1;
  }
}

await main();
