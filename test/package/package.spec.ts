import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '../support/commands.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../../tools/temporary-folder.js';
import { Consumer } from './consumer.js';
import type { Manifest } from './installation.js';
import { packInto, type Tarball } from './tarball.js';

/** Installing, and checking every declaration file of Nest, take their time. */
const SLOW = 120_000;

const KINDS: Array<[string, Manifest]> = [
  [
    'an ESM application on Nest 12',
    {
      type: 'module',
      dependencies: {
        '@nestjs/common': '^12.0.0',
        '@nestjs/core': '^12.0.0',
        '@nestjs/schedule': '^12.0.0',
        pg: '^8.0.0',
        'reflect-metadata': '^0.2.0',
        rxjs: '^7.8.0',
      },
    },
  ],
  [
    'a CommonJS application on Nest 11',
    {
      type: 'commonjs',
      dependencies: {
        '@nestjs/common': '^11.0.0',
        '@nestjs/core': '^11.0.0',
        '@nestjs/schedule': '^6.0.0',
        pg: '^8.0.0',
        'reflect-metadata': '^0.2.0',
        rxjs: '^7.8.0',
      },
    },
  ],
];

let folder: string;
let tarball: Tarball;
let database: TestDatabase;

beforeAll(async () => {
  if (!existsSync(join(REPOSITORY, 'dist/esm/index.js')))
    throw new Error('run `npm run build` first');
  folder = await temporaryFolder('packed-');
  [tarball, database] = await Promise.all([packInto(folder), createTestDatabase()]);
}, SLOW);

afterAll(async () => {
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});

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

describe.each(KINDS)('%s', (_name, kind) => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = await Consumer.install(join(folder, kind.type), tarball.path, kind);
  }, SLOW);

  it(
    'compiles against our types, with every declaration file checked',
    async () => {
      expect(await consumer.complaints(['--skipLibCheck', 'false'])).toEqual([]);
    },
    SLOW,
  );

  it('loads the package by the means of its kind', async () => {
    const emitted = await readFile(join(consumer.folder, 'dist/main.js'), 'utf8');
    const expected = { module: /from 'nestjs-postgres-session'/, commonjs: /require\("nestjs-/ };
    expect(emitted).toMatch(expected[kind.type]);
  });

  it('boots, keeps and reads a value, closes, and ends by itself', async () => {
    const output = await consumer.start(database.connectionString);
    expect(JSON.parse(output)).toEqual({
      greeting: 'Ada',
      jobs: ['postgres-session:default:cleanup', 'postgres-session:second:cleanup'],
    });
  });
});
