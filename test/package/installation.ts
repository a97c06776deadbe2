import { mkdir } from 'node:fs/promises';
import { install, type Manifest as Installation } from '../support/npm.js';

export type Manifest = Pick<Installation, 'type' | 'dependencies'>;

/** Makes a folder in which the tarball and other packages are installed, as a stranger's application is. */
export async function installInto(
  folder: string,
  tarball: string,
  { type, dependencies }: Manifest,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await install(folder, {
    private: true,
    type,
    dependencies: { ...dependencies, 'nestjs-postgres-session': `file:${tarball}` },
  });
}
