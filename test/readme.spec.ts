import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SampleProcess } from './sample/sample-process.js';
import { CodeBlocks } from './support/code-blocks.js';
import { REPOSITORY, runOrFail } from './support/commands.js';
import { createTestDatabase } from './support/database.js';

let readme: CodeBlocks;

beforeAll(async () => {
  readme = await CodeBlocks.compile('README.md');
});

afterAll(() => readme?.remove());

describe('the README', () => {
  it('shows code that compiles against the package', () => {
    expect(readme.blocks.length).toBeGreaterThan(0);
    expect(readme.complaints).toBe('');
  });

  it('begins with the program of sample/quick-start', async () => {
    expect(readme.blocks[0]).toBe(
      await readFile(join(REPOSITORY, 'sample/quick-start/main.ts'), 'utf8'),
    );
  });

  it('begins with a program that runs as it stands, and does what is shown', async () => {
    const database = await createTestDatabase();
    const environment = { DATABASE_URL: database.connectionString };
    const program = await SampleProcess.start(environment, readme.program(1));
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

  it('has a cure for every error code, and for no other', async () => {
    const source = await readFile(join(REPOSITORY, 'lib/postgres-session.errors.ts'), 'utf8');
    const type = /type PostgresSessionErrorCode =([^;]*);/.exec(source)?.[1] ?? '';
    const codes = [...type.matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code);
    const text = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
    const troubles = text.slice(text.indexOf('## Troubleshooting'));
    const cured = [...troubles.matchAll(/^\| `(ERR_\w+)`.*\| +\S/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(0);
    expect([...new Set(cured)].toSorted()).toEqual(codes.toSorted());
  });

  it('shows the two commands first', () => {
    expect(readme.text).toContain('npm ci && npm start');
    expect(readme.text).toContain('npm ci && npm test');
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
