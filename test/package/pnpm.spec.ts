import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { temporaryFolder } from '../../tools/temporary-folder.js';
import { run, runOrFail } from '../support/commands.js';
import { createTestDatabase } from '../support/database.js';
import { describeWithRegistry, install } from '../support/npm.js';
import { INSTALLATION } from './consumer.js';
import { packInto } from './tarball.js';

const TESTS = fileURLToPath(new URL('fixtures/node-test', import.meta.url));

await describeWithRegistry(
  'An application that pnpm installs, each package with its own alone',
  () => {
    it(
      'loads both forms, and without the optional peers the entries that need none',
      async () => {
        const folder = await temporaryFolder('pnpm-');
        const { path } = await packInto(folder);
        const tool = join(folder, 'tool');
        await mkdir(tool);
        await install(tool, { private: true, dependencies: { pnpm: '^10.0.0' } });
        const app = join(folder, 'app');
        await cp(TESTS, app, { recursive: true });
        const manifest = {
          private: true,
          dependencies: {
            '@nestjs/common': '^12.0.1',
            '@nestjs/core': '^12.0.1',
            '@nestjs/schedule': '^12.0.0',
            'nestjs-postgres-session': `file:${path}`,
            pg: '^8.21.0',
            'reflect-metadata': '^0.2.2',
            rxjs: '^7.8.1',
          },
        };
        await writeFile(join(app, 'package.json'), JSON.stringify(manifest));
        const pnpm = join(tool, 'node_modules/.bin/pnpm');
        // A store of its own, so that nothing of another run is found.
        const args = [
          'install',
          '--store-dir',
          join(folder, 'store'),
          '--strict-peer-dependencies',
        ];
        await runOrFail(pnpm, args, { cwd: app, env: { CI: 'true' }, timeout: INSTALLATION });
        const database = await createTestDatabase();
        const env = { DATABASE_URL: database.connectionString, NODE_OPTIONS: '' };
        const tests = ['--test', 'sessions.test.cjs', 'sessions.test.mjs'];
        const output = await runOrFail(process.execPath, tests, { cwd: app, env });
        expect(output).toMatch(/pass 2\n.*fail 0\n/);
        await database.close();
        for (const entry of ['testing', 'keyv']) {
          const load = `import('nestjs-postgres-session/${entry}')`;
          await runOrFail(process.execPath, ['-e', `${load}.then(() => {})`], { cwd: app });
        }
        const load = "require('nestjs-postgres-session/express-session')";
        const { stderr } = await run(process.execPath, ['-e', load], { cwd: app });
        expect(stderr).toContain("Cannot find module 'express-session'");
      },
      INSTALLATION,
    );
  },
);
