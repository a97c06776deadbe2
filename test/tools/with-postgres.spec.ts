import { describe, expect, it } from '@jest/globals';
import { REPOSITORY, run, type CommandResult } from '../support/commands.js';

const PRINT = 'process.stdout.write(process.env.DATABASE_URL)';

/** Runs a command by the launcher, with a server of the caller's. */
function withPostgres(...command: string[]): Promise<CommandResult> {
  const args = ['--import', './scripts/typescript.mjs', 'tools/postgres/with-postgres.ts'];
  return run(process.execPath, [...args, ...command], {
    cwd: REPOSITORY,
    env: { DATABASE_URL: 'postgresql://somebody@192.0.2.1/theirs' },
  });
}

describe('the launcher of the embedded PostgreSQL', () => {
  it('starts no server if DATABASE_URL names one', async () => {
    const { code, stdout } = await withPostgres(process.execPath, '-e', PRINT);
    expect(stdout).toBe('postgresql://somebody@192.0.2.1/theirs');
    expect(code).toBe(0);
  });

  it('exits with the code of its command', async () => {
    const { code } = await withPostgres(process.execPath, '-e', 'process.exit(7)');
    expect(code).toBe(7);
  });

  it('names a command that it cannot run', async () => {
    const { code, stderr } = await withPostgres('no-such-program');
    expect(stderr).toContain('no-such-program');
    expect(code).toBe(1);
  });

  it('asks for a command if it gets none', async () => {
    const { code, stderr } = await withPostgres();
    expect(stderr).toContain('Name the command to run');
    expect(code).toBe(1);
  });
});
