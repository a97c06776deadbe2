import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from '../startup-error.js';

/** Whom the PostgreSQL processes run as; empty: whoever runs this program. */
export interface ServerAccount {
  uid?: number;
  gid?: number;
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** PostgreSQL refuses to run as root, so root hands it to the owner of the data, or a system account. */
export async function serverAccount(folder: string): Promise<ServerAccount> {
  if (!isRoot()) return {};
  const owner = await stat(folder).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of ['postgres', 'nobody']) {
    const account = await lookUp(name);
    if (account) return account;
  }
  throw new StartupError(
    'PostgreSQL cannot run as root, and there is no user "postgres" or "nobody" to run it as.\n' +
      'Run this as an ordinary user, or set DATABASE_URL.',
  );
}

async function lookUp(name: string): Promise<ServerAccount | undefined> {
  const id = async (flag: string) =>
    Number((await promisify(execFile)('id', [flag, name])).stdout.trim());
  try {
    return { uid: await id('-u'), gid: await id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether every account can walk into the folder. */
export async function isOpenToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return dirname(folder) === folder || isOpenToAll(dirname(folder));
}
