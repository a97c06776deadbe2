import { mkdir } from 'node:fs/promises';
import { install, type Manifest as Installation } from '../support/npm.js';

export type Manifest = Omit<Installation, 'private'>;

/** Makes a folder in which the tarball and other packages are installed, as a stranger's application is. */
export async function installInto(
  folder: string,
  tarball: string,
  manifest: Manifest,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await install(folder, {
    ...manifest,
    private: true,
    dependencies: { ...manifest.dependencies, 'nestjs-postgres-session': `file:${tarball}` },
  });
}
