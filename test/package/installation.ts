import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrFail } from '../support/commands.js';

export interface Manifest {
  type: 'module' | 'commonjs';
  dependencies: Record<string, string>;
}

/** Makes a folder in which the tarball and other packages are installed, as a stranger's application is. */
export async function installInto(
  folder: string,
  tarball: string,
  { type, dependencies }: Manifest,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const manifest = {
    private: true,
    type,
    dependencies: { ...dependencies, 'nestjs-postgres-session': `file:${tarball}` },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await runOrFail('npm', args, { cwd: folder });
}
