import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

const TIMEOUT = 120_000;

export interface CommandOptions {
  cwd: string;
  env?: Record<string, string>;
  timeout?: number;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end and tells how it went; one that does not end in time is an error. */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env, timeout = TIMEOUT }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const options = { cwd, timeout, maxBuffer: 1e8, env: { ...process.env, ...env } };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (child.exitCode !== null) return resolve({ code: child.exitCode, stdout, stderr });
      const command = [program, ...args].join(' ');
      reject(new Error(`${command} was ended\n${stdout}\n${stderr}`, { cause: error }));
    });
  });
}

/** The same for a program that must succeed; resolves to its output. */
export async function runOrFail(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  throw new Error(`${[program, ...args].join(' ')} exited with ${code}\n${stdout}\n${stderr}`);
}
