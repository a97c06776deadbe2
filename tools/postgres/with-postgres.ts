// Runs a command with DATABASE_URL in its environment: the one given, else that of an embedded
// PostgreSQL, which ends with the command.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { SharedServer, usualFolder } from './shared-server.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const PARENT_INTERVAL = 250;
/** What shells add to the number of the signal that ended a program. */
const SIGNALLED = 128;

let command: ChildProcess | undefined;
let interrupted = false;

function interrupt(signal: NodeJS.Signals): void {
  interrupted = true;
  command?.kill(signal);
}

function listenForTheEnd(): void {
  // The server is stopped after the command, so this process outlives it.
  for (const signal of SIGNALS) process.on(signal, interrupt);
  // The shell in which npm runs its scripts dies of a signal without passing it on.
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    interrupt('SIGTERM');
  }, PARENT_INTERVAL).unref();
}

async function main([program, ...args]: string[]): Promise<number> {
  if (!program) throw new Error('Name the command to run: with-postgres <program> [arguments]');
  if (process.env.DATABASE_URL) return run(program, args, process.env.DATABASE_URL);
  const folder = process.env.EMBEDDED_POSTGRES_DATA || (await usualFolder());
  const server = await SharedServer.open(folder).catch((cause: unknown) => explain(folder, cause));
  try {
    console.log(`DATABASE_URL is not set: embedded PostgreSQL, its data in ${folder}`);
    return await run(program, args, server.connectionString);
  } finally {
    await server.close();
  }
}

/** Resolves to the exit code. */
async function run(program: string, args: string[], databaseUrl: string): Promise<number> {
  if (interrupted) return 0;
  command = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  const [code, signal] = (await once(command, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== null) return code;
  return interrupted || !signal ? 0 : SIGNALLED + constants.signals[signal];
}

function explain(folder: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message.trim() : String(cause);
  throw new Error(
    `The embedded PostgreSQL in ${folder} did not start: ${reason}\n` +
      'If the folder belongs to another user or another version of PostgreSQL, remove it (all that is\n' +
      'stored there goes with it), or set DATABASE_URL to a server of yours.',
    { cause },
  );
}

listenForTheEnd();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
