import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { run } from './commands.js';

export interface Manifest {
  private: true;
  type?: 'module' | 'commonjs';
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const INSTALL_TIMEOUT = 300_000;

/** Makes the folder a package and installs what it depends on. */
export async function install(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: folder, timeout: INSTALL_TIMEOUT };
  const { code, stdout, stderr } = await run('npm', args, options);
  if (code === 0) return;
  const packages = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  throw new Error(
    `npm could not install ${packages.map((each) => each.join('@')).join(', ')}. This test needs the npm registry, or npm's cache of it.\n${stdout}\n${stderr}`,
  );
}

/**
 * A `describe` for tests that install packages. Without a registry the tests are skipped and say why; with
 * REQUIRE_TOOLS=1 that is a failure.
 */
export async function describeWithRegistry(title: string, tests: () => void): Promise<void> {
  const { code } = await run('npm', ['ping', '--silent'], { cwd: process.cwd() });
  if (code === 0) {
    describe(title, tests);
    return;
  }
  const reason = 'the npm registry does not answer';
  if (process.env.REQUIRE_TOOLS === '1') throw new Error(`${title}: ${reason}`);
  describe.skip(`${title} (${reason})`, tests);
}
