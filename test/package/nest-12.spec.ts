import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { describeWithRegistry } from '../support/npm.js';
import { Consumer, INSTALLATION, resolution, SLOW } from './consumer.js';

await describeWithRegistry('An ESM application as `nest new` of Nest 12 makes it', () => {
  let app: Consumer;

  beforeAll(async () => {
    app = await Consumer.install('nest-12');
  }, INSTALLATION);

  it.each([
    ['nodenext', resolution('nodenext', 'nodenext')],
    ['node16', resolution('node16', 'node16')],
    ['bundler', resolution('es2022', 'bundler')],
  ])(
    'compiles with moduleResolution %s, with every declaration file checked',
    async (_, flags) => expect(await app.complaints(flags)).toEqual([]),
    SLOW,
  );

  it(
    'runs its unit tests under its own vitest',
    async () => {
      const { code, stdout } = await app.run('vitest', ['run']);
      expect(stdout).toMatch(/Tests +4 passed/);
      expect(code).toBe(0);
    },
    SLOW,
  );

  it('runs its tests under node:test, in both forms', async () => {
    const { stdout } = await app.run('node', ['--test', 'sessions.test.cjs', 'sessions.test.mjs']);
    expect(stdout).toMatch(/pass 2\n.*fail 0\n/);
  });

  it(
    'runs as it is compiled, and as esbuild bundles that',
    async () => {
      expect(await app.complaints([])).toEqual([]);
      const emitted = await readFile(join(app.folder, 'dist/src/main.js'), 'utf8');
      expect(emitted).toContain("from 'nestjs-postgres-session'");
      await app.expectToWork('dist/src/main.js');
      await app.expectToWork(await app.bundle('dist/src/main.js', 'cjs'));
      await app.expectToWork(await app.bundle('dist/src/main.js', 'esm'));
    },
    SLOW,
  );
});
