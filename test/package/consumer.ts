import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REPOSITORY, run, runOrFail } from '../support/commands.js';
import { installInto, type Manifest } from './installation.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');

/** An application in a folder of its own that installed the tarball, as a stranger's would be. */
export class Consumer {
  private constructor(readonly folder: string) {}

  static async install(folder: string, tarball: string, kind: Manifest): Promise<Consumer> {
    await installInto(folder, tarball, kind);
    for (const name of ['main.ts', 'tsconfig.json'])
      await copyFile(fixture(name), join(folder, name));
    return new Consumer(folder);
  }

  /** Compiles the application; resolves to the lines of complaint about it or about our types. */
  async complaints(flags: readonly string[] = []): Promise<string[]> {
    const args = [compiler, '-p', '.', '--pretty', 'false', ...flags];
    const { stdout } = await run(process.execPath, args, { cwd: this.folder });
    return stdout
      .split('\n')
      .filter((line) => /^(main\.ts|node_modules\/nestjs-postgres-session\/)/.test(line));
  }

  /** Runs it to its own end: a handle that is left open would keep it until the time is over. */
  async start(connectionString: string): Promise<string> {
    return runOrFail(process.execPath, ['dist/main.js'], {
      cwd: this.folder,
      env: { DATABASE_URL: connectionString },
      timeout: 30_000,
    });
  }
}
