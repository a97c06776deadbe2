import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../../tools/temporary-folder.js';
import { REPOSITORY, run } from '../support/commands.js';
import { installInto } from './installation.js';
import { packInto } from './tarball.js';

const SLOW = 120_000;
const FIXTURES = fileURLToPath(new URL('fixtures/testing', import.meta.url));

let folder: string;
let consumer: string;

beforeAll(async () => {
  if (!existsSync(join(REPOSITORY, 'dist/esm/index.js')))
    throw new Error('run `npm run build` first');
  folder = await temporaryFolder('packed-testing-');
  const { path } = await packInto(folder);
  consumer = join(folder, 'consumer');
  await installInto(consumer, path, {
    type: 'module',
    dependencies: {
      '@nestjs/common': '^12.0.0',
      '@nestjs/core': '^12.0.0',
      '@nestjs/schedule': '^12.0.0',
      pg: '^8.0.0',
      'reflect-metadata': '^0.2.0',
      rxjs: '^7.8.0',
      vitest: '^3.2.0',
    },
  });
  await cp(FIXTURES, consumer, { recursive: true });
}, SLOW);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a test runner of the consumer. Resolves to whether it passed, and what it printed. */
async function runTests(
  args: readonly string[],
  store = 'sound',
): Promise<{ passed: boolean; output: string }> {
  const { code, stdout, stderr } = await run(process.execPath, args, {
    cwd: consumer,
    env: { STORE: store },
  });
  return { passed: code === 0, output: stripVTControlCharacters(stdout + stderr) };
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=verbose'];
const nodeTest = ['--test', '--test-reporter=spec'];

/** How many tests passed, by the sum that the runner prints. */
function passedIn(output: string): number {
  const [, vitestSum, nodeSum] = /Tests {2}(\d+) passed|pass (\d+)/.exec(output) ?? [];
  return Number(vitestSum ?? nodeSum ?? 0);
}

describe('describeKeyValueStore, from the packed package', () => {
  it.each([
    ['vitest', [...vitest, 'vitest.spec.mjs']],
    ['node:test', [...nodeTest, 'node-test.mjs']],
    ['node:test in CommonJS, in real time', [...nodeTest, 'node-test.cjs']],
  ])(
    'passes on the store in memory under %s',
    async (_, args) => {
      const { passed, output } = await runTests(args);
      expect(passed || output).toBe(true);
      expect(passedIn(output)).toBeGreaterThan(200);
    },
    SLOW,
  );

  it.each([
    ['wrong order', /keeps the order|order of/],
    ['late expiry', /does not see an expired entry/],
    ['shared buffers', /gives each reader bytes of its own/],
  ])(
    'fails on a store with %s, under vitest and node:test',
    async (store, title) => {
      const [byVitest, byNode] = await Promise.all([
        runTests([...vitest, 'vitest.spec.mjs'], store),
        runTests([...nodeTest, 'node-test.mjs'], store),
      ]);
      for (const { passed, output } of [byVitest, byNode]) {
        expect(passed).toBe(false);
        const failed = output.split('\n').filter((line) => /^\s*[×✗✖]/.test(line));
        expect(failed.join('\n')).toMatch(title);
      }
    },
    SLOW,
  );
});
