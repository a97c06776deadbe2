import { readFileSync } from 'node:fs';

/** Linux counts process time in hundredths of a second. */
const MICROS_PER_TICK = 10_000;
/** Fields after the command in /proc/<pid>/stat: utime, stime, then those of ended children. */
const UTIME = 11;

/** CPU time used so far, in µs, of a server and its children; NaN where there is no /proc. */
export function serverCpu(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    const own = ticksOf(pid, 4);
    const theirs = children.filter(Boolean).map((child) => ticksOf(Number(child), 2));
    return theirs.reduce((sum, ticks) => sum + ticks, own) * MICROS_PER_TICK;
  } catch {
    return NaN;
  }
}

export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function ticksOf(pid: number, fields: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command is in parentheses and may hold anything, so count from its end.
  const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return values.slice(UTIME, UTIME + fields).reduce((sum, value) => sum + Number(value), 0);
}
