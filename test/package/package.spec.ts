import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '../support/commands.js';
import { temporaryFolder } from '../../tools/temporary-folder.js';
import { packInto, type Tarball } from './tarball.js';

let folder: string;
let tarball: Tarball;

beforeAll(async () => {
  if (!existsSync(join(REPOSITORY, 'dist/esm/index.js')))
    throw new Error('run `npm run build` first');
  folder = await temporaryFolder('packed-');
  tarball = await packInto(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the tarball', () => {
  it('holds the package and nothing else', () => {
    const strangers = tarball.files.filter(
      (path) => !/^dist\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path),
    );
    expect(strangers).toEqual([]);
    expect(tarball.files.filter((path) => /\.spec\.|\.tsbuildinfo$/.test(path))).toEqual([]);
    expect(tarball.files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/esm/index.js']),
    );
  });

  it('has what its exports name', async () => {
    const manifest = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
      exports: object;
    };
    const targets = pathsIn(manifest.exports);
    expect(targets).toContain('./dist/cjs/index.d.ts');
    const absent = targets.filter((target) => !tarball.files.includes(posix.normalize(target)));
    expect(absent).toEqual([]);
  });

  it('has types for each entry where TypeScript does not read its exports', async () => {
    const { exports, typesVersions, types } = JSON.parse(
      await readFile(join(REPOSITORY, 'package.json'), 'utf8'),
    ) as {
      exports: Record<string, { require: { types: string } }>;
      typesVersions: object;
      types: string;
    };
    const { '.': main, './package.json': _, ...others } = exports;
    expect(types).toBe(main?.require.types);
    const expected: Record<string, string[]> = {};
    for (const [name, { require }] of Object.entries(others))
      expected[name.replace('./', '')] = [require.types];
    expect(typesVersions).toEqual({ '*': expected });
  });

  it('has no file that nothing leads to', async () => {
    const { exports } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
      exports: object;
    };
    const used = new Set(pathsIn(exports).map((target) => posix.normalize(target)));
    for (const path of used) {
      const text = path.startsWith('dist/') ? await readFile(join(REPOSITORY, path), 'utf8') : '';
      const specifiers = text.matchAll(/\b(?:from|import|require)[\s(]*["'](\.[^"']+)\.js["']/g);
      const suffix = path.endsWith('.d.ts') ? '.d.ts' : '.js';
      for (const [, specifier] of specifiers)
        used.add(posix.join(dirname(path), `${specifier}${suffix}`));
    }
    const built = tarball.files.filter((path) => path.startsWith('dist/'));
    expect(built.filter((path) => !used.has(path))).toEqual(['dist/cjs/package.json']);
  });
});

/** All the paths that `exports` names, under whatever conditions. */
function pathsIn(exports: object): string[] {
  return Object.values(exports).flatMap((target: string | object) =>
    typeof target === 'string' ? [target] : pathsIn(target),
  );
}
