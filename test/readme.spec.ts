import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SampleProcess } from './sample/sample-process.js';
import { REPOSITORY, run, runOrFail } from './support/commands.js';
import { createTestDatabase } from './support/database.js';

/** Inside the repository, so that the blocks find the package by its name. */
const SCRATCH = join(REPOSITORY, '.tmp');
const TSCONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: '.', outDir: 'out', noUnusedLocals: false },
  include: ['*.ts'],
  exclude: [],
};

let readme: string;
let folder: string;
let complaints: string;

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code ?? '',
  );

beforeAll(async () => {
  readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
  await mkdir(SCRATCH, { recursive: true });
  folder = await mkdtemp(join(SCRATCH, 'readme-'));
  const files = blocks('ts').map((code, index) =>
    writeFile(join(folder, `block-${index + 1}.ts`), code),
  );
  await Promise.all([...files, writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))]);
  const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  complaints = (await run(process.execPath, [compiler, '-p', '.'], { cwd: folder })).stdout;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the README', () => {
  it('shows code that compiles against the package', () => {
    expect(blocks('ts').length).toBeGreaterThan(0);
    expect(complaints).toBe('');
  });

  it('begins with the program of sample/quick-start', async () => {
    expect(blocks('ts')[0]).toBe(
      await readFile(join(REPOSITORY, 'sample/quick-start/main.ts'), 'utf8'),
    );
  });

  it('begins with a program that runs as it stands, and does what is shown', async () => {
    const database = await createTestDatabase();
    const environment = { DATABASE_URL: database.connectionString };
    const program = await SampleProcess.start(environment, join(folder, 'out/block-1.js'));
    try {
      const ask = async (method: string, path: string) =>
        (await fetch(`${program.url}/${path}`, { method })).text();
      const id = await ask('POST', 'users/ada/sessions');
      expect(await ask('GET', `sessions/${id}`)).toBe('{"user":"ada"}');
      expect(await ask('DELETE', 'users/ada/sessions')).toBe('1');
      expect((await fetch(`${program.url}/sessions/${id}`)).status).toBe(404);
    } finally {
      await program.stop();
      await database.close();
    }
  });

  it('lists every option as the library has it', async () => {
    const script = join(REPOSITORY, 'scripts/options-table.mjs');
    await runOrFail(process.execPath, [script, '--check'], { cwd: REPOSITORY });
  });

  it('shows the two commands first', () => {
    expect(readme).toContain('npm ci && npm start');
    expect(readme).toContain('npm ci && npm test');
  });
});

describe.each(['README.md', 'CONTRIBUTING.md'])('%s', (document) => {
  it('names no script that does not exist', async () => {
    const [text, manifest] = await Promise.all(
      [document, 'package.json'].map((name) => readFile(join(REPOSITORY, name), 'utf8')),
    );
    const { scripts } = JSON.parse(manifest ?? '') as { scripts: Record<string, string> };
    const commands = (text ?? '').matchAll(/(?:^|`|&& )npm (?:run )?([a-z][\w:-]*)/gm);
    const known = new Set([...Object.keys(scripts), 'ci', 'i', 'install']);
    const unknown = [...commands].map(([, name = '']) => name).filter((name) => !known.has(name));
    expect(unknown).toEqual([]);
  });
});
