import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The server process of a data folder, as its own pid file describes it. */
export interface Postmaster {
  pid: number;
  port: number;
  /** Whether it takes connections. */
  isReady: boolean;
}

export async function readPidFile(dataDir: string): Promise<Postmaster | undefined> {
  const text = await readFile(pidFileOf(dataDir), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  return pid ? { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * The server that runs on these data, if one does. A pid file whose process is gone is left to
 * PostgreSQL, which looks for survivors before it goes on; one whose number another program has
 * by now (after a reboot, or in a container) would stop the start, so it is removed.
 */
export async function runningPostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const postmaster = await readPidFile(dataDir);
  if (!postmaster || !isAlive(postmaster.pid)) return undefined;
  if (await isPostgres(postmaster.pid)) return postmaster;
  await rm(pidFileOf(dataDir));
  return undefined;
}

function pidFileOf(dataDir: string): string {
  return join(dataDir, 'postmaster.pid');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isPostgres(pid: number): Promise<boolean> {
  try {
    const [name, state] = await nameAndState(pid);
    return name.endsWith('postgres') && !state.startsWith('Z');
  } catch {
    // It cannot be told: the careful answer.
    return true;
  }
}

/** The state is Z for a process that has ended and that nobody has taken note of yet. */
async function nameAndState(pid: number): Promise<[string, string]> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return [
      stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
      stat.split(') ').at(-1) ?? '',
    ];
  }
  const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'state=,comm=']);
  const [state = '', name = ''] = stdout.trim().split(/\s+/, 2);
  return [name, state];
}
