import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { say } from './experiments/experiment.js';
import { positive } from './flags.js';
import { lineCharts } from './report/line-chart.js';
import { PROJECT_FOLDER } from './report/machine.js';
import { markdownTable } from './report/markdown.js';
import { digits } from './report/outcome.js';
import { Lab } from './servers/lab.js';
import { takeSample, type Sample } from './soak/sample.js';
import { growth } from './soak/verdict.js';
import { Walker, walk } from './soak/walkers.js';
import { openNestStore } from './systems/nest-store.js';

const CALLS = 20_000_000;
const IN_FLIGHT = 64;
const SLICE_SECONDS = { full: 5, short: 2 };

interface Length {
  calls: number;
  minutes: number;
}

interface SoakReport {
  samples: Sample[];
  calls: number;
  wrong: number;
  failed: number;
}

/** As many calls as by default or `--calls`, or as many as fit into `--minutes`. */
function lengthOf(args: readonly string[]): Length {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string' }, calls: { type: 'string' } },
  });
  const { minutes, calls = minutes === undefined ? String(CALLS) : undefined } = values;
  return {
    calls: calls === undefined ? Infinity : positive('--calls', calls),
    minutes: minutes === undefined ? Infinity : positive('--minutes', minutes),
  };
}

async function soak(lab: Lab, { calls, minutes }: Length): Promise<SoakReport> {
  const server = await lab.postgres();
  const { store, cleanup, close } = await openNestStore(server.url);
  lab.defer(close);
  const walkers = Array.from({ length: IN_FLIGHT }, (_, id) => new Walker(store, id));
  const slice = minutes === Infinity ? SLICE_SECONDS.full : SLICE_SECONDS.short;
  const report: SoakReport = { samples: [], calls: 0, wrong: 0, failed: 0 };
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 60_000;
  while (report.calls < calls && elapsed() < minutes) {
    const from = performance.now();
    const [done] = await Promise.all([walk(walkers, slice, calls - report.calls), cleanup.sweep()]);
    const seconds = (performance.now() - from) / 1000;
    report.calls += done.latencies.count;
    report.wrong += done.wrong;
    report.failed += done.failed;
    if (done.failed) console.error(`${done.failed} calls failed, the first with`, done.failure);
    const sample = await takeSample(server.url, elapsed(), seconds, done);
    report.samples.push(sample);
    say(`${report.calls.toLocaleString('en')} calls, heap ${digits(sample.heapMb)} MB`);
  }
  return report;
}

const FIGURES: Record<Exclude<keyof Sample, 'minutes'>, string> = {
  heapMb: 'Heap after a collection, MB',
  handles: 'Active handles',
  connections: 'Connections',
  tableMb: 'Table with indexes, MB',
  p50: 'p50, ms',
  p99: 'p99, ms',
  callsPerSecond: 'Calls a second',
};

async function drawn({ samples, calls }: SoakReport, folder: string): Promise<string> {
  const path = join(folder, 'soak.svg');
  const lines = (Object.keys(FIGURES) as (keyof typeof FIGURES)[]).map((figure) => ({
    title: FIGURES[figure],
    values: samples.map((sample) => sample[figure]),
  }));
  const minutes = samples.at(-1)?.minutes ?? 0;
  const caption = `${calls.toLocaleString('en')} calls, ${IN_FLIGHT} in flight, ${minutes.toFixed(1)} minutes`;
  await writeFile(path, lineCharts(lines, caption));
  return path;
}

function summary({ samples }: SoakReport): string {
  const quarters = [0.25, 0.5, 0.75, 1].map(
    (part) => samples[Math.ceil(samples.length * part) - 1],
  );
  return markdownTable({
    columns: ['', ...quarters.map((sample) => `after ${sample?.minutes.toFixed(1)} min`)],
    rows: (Object.keys(FIGURES) as (keyof typeof FIGURES)[]).map((figure) => [
      FIGURES[figure],
      ...quarters.map((sample) => digits(sample?.[figure] ?? NaN)),
    ]),
  });
}

async function main(): Promise<void> {
  const length = lengthOf(process.argv.slice(2));
  const lab = new Lab(true);
  let report: SoakReport;
  try {
    report = await soak(lab, length);
  } finally {
    await lab.close();
  }
  // Only the full length may replace the picture that the project shows.
  const folder = length.calls === CALLS ? join(PROJECT_FOLDER, 'bench') : tmpdir();
  console.log(`${summary(report)}\n\ndrawn in ${await drawn(report, folder)}`);
  const faults = growth(report.samples);
  if (report.wrong) faults.push(`${report.wrong} wrong answers`);
  if (report.failed) faults.push(`${report.failed} failed calls`);
  console.log(`${report.calls.toLocaleString('en')} calls: ${faults.join(', ') || 'all well'}`);
  if (faults.length > 0) process.exitCode = 1;
}

await main();
