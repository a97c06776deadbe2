import { cp, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect } from '@jest/globals';
import { temporaryFolder } from '../../tools/temporary-folder.js';
import { run, runOrFail, type CommandResult } from '../support/commands.js';
import { createTestDatabase } from '../support/database.js';
import { installInto, type Manifest } from './installation.js';
import { packInto } from './tarball.js';

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));

/** Packages that Nest loads only where an application has them. */
const OPTIONAL = ['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-express'].concat(
  ['class-transformer', 'class-validator', 'pg-native'],
);

/** What a bundle in ESM needs for the packages in it that are CommonJS. */
const REQUIRE_IN_ESM =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/** How long one of the consumer's programs may take. */
export const SLOW = 120_000;

/** Installing takes longest. */
export const INSTALLATION = 300_000;

/** An application in a folder of its own that installed the tarball, set up as `nest new` does it. */
export class Consumer {
  private constructor(
    readonly folder: string,
    private readonly outside: string,
  ) {}

  static async install(kind: 'nest-11' | 'nest-12'): Promise<Consumer> {
    const outside = await temporaryFolder(`${kind}-`);
    const { path } = await packInto(outside);
    const folder = join(outside, 'app');
    const manifest = await readFile(join(FIXTURES, kind, 'manifest.json'), 'utf8');
    await installInto(folder, path, JSON.parse(manifest) as Manifest);
    await cp(join(FIXTURES, kind), folder, { recursive: true });
    await cp(join(FIXTURES, 'node-test'), folder, { recursive: true });
    const src = join(folder, 'src');
    await mkdir(src);
    await cp(join(FIXTURES, 'src'), src, { recursive: true });
    // Not under its own name here: the repository's own runner would take it.
    await rename(join(src, 'sessions-spec.ts'), join(src, 'sessions.spec.ts'));
    return new Consumer(folder, outside);
  }

  /** Runs a program that it has installed, with a database of its own. */
  async run(program: string, args: readonly string[]): Promise<CommandResult> {
    const database = await createTestDatabase();
    try {
      const path = program === 'node' ? process.execPath : this.program(program);
      const env = { DATABASE_URL: database.connectionString, NODE_OPTIONS: '', CI: 'true' };
      const result = await run(path, args, { cwd: this.folder, env });
      return { ...result, stdout: stripVTControlCharacters(result.stdout) };
    } finally {
      await database.close();
    }
  }

  /** Compiles it and all types that it gets; resolves to the complaints about it or about our types. */
  async complaints(flags: readonly string[]): Promise<string[]> {
    const args = ['-p', '.', '--pretty', 'false', '--incremental', 'false', ...flags];
    const { stdout } = await this.run('tsc', args);
    return stdout
      .split('\n')
      .filter((line) => /^(error |src\/|node_modules\/nestjs-postgres-session\/)/.test(line));
  }

  /** Bundles a compiled program with all that it needs, and puts it where no packages are. */
  async bundle(entry: string, format: 'cjs' | 'esm'): Promise<string> {
    const output = join(this.outside, format === 'esm' ? 'bundle.mjs' : 'bundle.cjs');
    const banner = format === 'esm' ? [`--banner:js=${REQUIRE_IN_ESM}`] : [];
    const external = OPTIONAL.map((name) => `--external:${name}`);
    const args = [entry, '--bundle', '--platform=node', `--format=${format}`, '--log-level=error'];
    await runOrFail(
      this.program('esbuild'),
      [...args, ...banner, ...external, `--outfile=${output}`],
      { cwd: this.folder },
    );
    return output;
  }

  /** Starts main.ts, compiled or bundled, which keeps and reads a value, closes, and has to end by itself. */
  async expectToWork(main: string): Promise<void> {
    const { code, stdout, stderr } = await this.run('node', [main]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      greeting: 'Ada',
      jobs: ['postgres-session:default:cleanup', 'postgres-session:second:cleanup'],
    });
  }

  private program(name: string): string {
    return join(this.folder, 'node_modules/.bin', name);
  }
}

/** The flags for a way of TypeScript to find packages, with all declaration files checked. */
export function resolution(module: string, moduleResolution: string): string[] {
  const way = ['--module', module, '--moduleResolution', moduleResolution];
  return [...way, '--noEmit', '--skipLibCheck', 'false'];
}
