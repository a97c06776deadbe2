import { createRequire } from 'node:module';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { describeWithRegistry } from '../support/npm.js';
import { Consumer, INSTALLATION, resolution, SLOW } from './consumer.js';

const require = createRequire(import.meta.url);

await describeWithRegistry('A CommonJS application as `nest new` of Nest 11 makes it', () => {
  let app: Consumer;

  beforeAll(async () => {
    app = await Consumer.install('nest-11');
    const src = join(app.folder, 'src');
    await cp(join(app.folder, 'reset-modules-spec.ts'), join(src, 'reset-modules.spec.ts'));
  }, INSTALLATION);

  it.each([
    ['nodenext', resolution('nodenext', 'nodenext')],
    ['node16', resolution('node16', 'node16')],
    ['bundler', resolution('es2022', 'bundler')],
    ['node10', [...resolution('commonjs', 'node10'), '--resolvePackageJsonExports', 'null']],
  ])(
    'compiles with moduleResolution %s, with every declaration file checked and a pool of @types/pg 8.11',
    async (_, flags) => expect(await app.complaints(flags)).toEqual([]),
    SLOW,
  );

  it(
    'runs its unit tests under its own jest, one of which loads all modules anew',
    async () => {
      const { code, stderr } = await app.run('jest', []);
      expect(stderr).toMatch(/Tests: +6 passed, 6 total/);
      expect(code).toBe(0);
    },
    SLOW,
  );

  it(
    'runs its unit tests under @swc/jest',
    async () => {
      const jsc = {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      };
      const transform = [require.resolve('@swc/jest'), { jsc, module: { type: 'commonjs' } }];
      const config = {
        rootDir: join(app.folder, 'src'),
        testRegex: String.raw`sessions\.spec\.ts$`,
        transform: { [String.raw`\.ts$`]: transform },
      };
      const { stderr } = await app.run('jest', ['--config', JSON.stringify(config)]);
      expect(stderr).toMatch(/Tests: +4 passed, 4 total/);
    },
    SLOW,
  );

  it('runs its tests under node:test, in both forms', async () => {
    const { stdout } = await app.run('node', ['--test', 'sessions.test.cjs', 'sessions.test.mjs']);
    expect(stdout).toMatch(/pass 2\n.*fail 0\n/);
  });

  it(
    'runs as `nest build --webpack` bundles it',
    async () => {
      const { code } = await app.run('nest', ['build', '--webpack']);
      expect(code).toBe(0);
      await app.expectToWork('dist/main.js');
    },
    SLOW,
  );

  it(
    'runs as `nest build` compiles it, and as esbuild bundles that',
    async () => {
      const { code } = await app.run('nest', ['build']);
      expect(code).toBe(0);
      const emitted = await readFile(join(app.folder, 'dist/main.js'), 'utf8');
      expect(emitted).toContain('require("nestjs-postgres-session")');
      await app.expectToWork('dist/main.js');
      await app.expectToWork(await app.bundle('dist/main.js', 'cjs'));
      await app.expectToWork(await app.bundle('dist/main.js', 'esm'));
    },
    SLOW,
  );
});
