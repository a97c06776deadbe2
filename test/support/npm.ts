import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './commands.js';

export interface Manifest {
  private: true;
  type: 'module' | 'commonjs';
  dependencies: Record<string, string>;
}

/** Makes the folder a package and installs what it depends on. */
export async function install(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, stdout, stderr } = await run('npm', args, { cwd: folder });
  if (code === 0) return;
  const packages = Object.entries(manifest.dependencies).map(([name, range]) => `${name}@${range}`);
  throw new Error(
    `npm could not install ${packages.join(', ')}. This test needs the npm registry, or npm's cache of it.\n${stdout}\n${stderr}`,
  );
}
