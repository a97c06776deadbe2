import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { barChart } from './bar-chart.js';
import { machineLines } from './machine.js';
import { section, targetsTable } from './markdown.js';
import type { Outcome } from './outcome.js';

/** RESULTS.md and results.svg of one run, in that folder. */
export async function writeResults(
  folder: string,
  outcomes: readonly Outcome[],
  minutes: number,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const charts = outcomes.flatMap((outcome) => outcome.charts ?? []);
  if (charts.length > 0) {
    const [machine = ''] = machineLines();
    await writeFile(join(folder, 'results.svg'), barChart(charts, `One Node process; ${machine}`));
  }
  await writeFile(join(folder, 'RESULTS.md'), markdown(outcomes, minutes, charts.length > 0));
}

function markdown(outcomes: readonly Outcome[], minutes: number, hasChart: boolean): string {
  const targets = outcomes.flatMap((outcome) => outcome.targets);
  const reached = targets.filter(({ pass }) => pass).length;
  const parts = [
    '# Benchmark results',
    'Written by `npm run bench`; run it to get those of your machine.',
    [`Date: ${new Date().toISOString().slice(0, 10)}`, ...machineLines()]
      .map((line) => `- ${line}`)
      .concat(`- One run of ${minutes.toFixed(0)} minutes`)
      .join('\n'),
    '## What must be reached',
    `${reached} of ${targets.length} reached.`,
    targetsTable(targets),
    ...(hasChart ? ['![Calls a second, side by side](results.svg)'] : []),
    ...outcomes.map(section),
  ];
  return `${parts.join('\n\n')}\n`;
}
