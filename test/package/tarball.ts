import { join } from 'node:path';
import { REPOSITORY, runOrFail } from '../support/commands.js';

export interface Tarball {
  path: string;
  /** Paths inside the package. */
  files: string[];
}

interface PackReport {
  filename: string;
  files: Array<{ path: string }>;
}

/** Packs the built package into a folder, as `npm publish` would. */
export async function packInto(folder: string): Promise<Tarball> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const output = await runOrFail('npm', args, { cwd: REPOSITORY });
  const [report] = JSON.parse(output) as PackReport[];
  if (!report) throw new Error(`npm pack reported nothing: ${output}`);
  return { path: join(folder, report.filename), files: report.files.map(({ path }) => path) };
}
