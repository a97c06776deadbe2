import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../support/commands.js';
import { createTestDatabase } from '../../support/database.js';
import { install } from '../../support/npm.js';
import { temporaryFolder } from '../../../tools/temporary-folder.js';
import { packInto } from '../../package/tarball.js';
import { secret } from './secrets.js';
import { Sink } from './sink.js';
import type { Tracer, TracerMode } from './tracers.js';

export const CALLS = 10_000;
/** Of each store; each has one call under way. */
export const CALLERS = 16;
/** A process that something keeps alive is ended then, and the test fails. */
const RUN_TIMEOUT = 120_000;

const programs = fileURLToPath(new URL('../programs/', import.meta.url));

const APPLICATION = {
  '@nestjs/common': '^12.0.0',
  '@nestjs/core': '^12.0.0',
  '@nestjs/schedule': '^12.0.0',
  pg: '8.23.1',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.8.0',
};

interface Report {
  /** Answers that were wrong, of the first calls of which that holds. */
  problems: string[];
  /** What was not caught, what Node warned of and Nest logged. */
  troubles: string[];
  spans: {
    started: number;
    ended: number;
    /** What the tracer itself complained of. */
    complaints: string[];
  };
}

export interface Outcome extends Report {
  code: number;
  /** All that the tracer exported or gave to a hook. */
  exported: Buffer;
  key: string;
  value: string;
  /** A value of the application's own query. */
  told: string;
  table: string;
}

/** An application in a folder of its own, with the packed library and a tracer. */
export class TracedApp {
  private constructor(
    private readonly folder: string,
    private readonly tracer: Tracer,
  ) {}

  static async install(tracer: Tracer): Promise<TracedApp> {
    const folder = await temporaryFolder('traced-');
    const { path } = await packInto(folder);
    await install(folder, {
      private: true,
      type: 'module',
      dependencies: {
        ...APPLICATION,
        ...tracer.packages,
        'nestjs-postgres-session': `file:${path}`,
      },
    });
    for (const name of await readdir(programs))
      await copyFile(join(programs, name), join(folder, name));
    return new TracedApp(folder, tracer);
  }

  /** Runs it to its own end. */
  async run(mode: TracerMode): Promise<Outcome> {
    const [sink, database] = await Promise.all([Sink.open(), createTestDatabase()]);
    const folder = await mkdtemp(join(this.folder, 'run-'));
    const recording = join(folder, 'recording');
    const secrets = { key: secret('key'), value: secret('value') };
    const settings = {
      tracer: `./${this.tracer.program}`,
      connectionString: database.connectionString,
      table: `traced_${randomBytes(4).toString('hex')}`,
      calls: CALLS,
      callers: CALLERS,
      secrets,
      told: secret('told'),
      recording,
    };
    // Not as an argument: some tracers export those.
    const settingsFile = join(folder, 'settings.json');
    await writeFile(settingsFile, JSON.stringify(settings));
    try {
      const { code, stdout, stderr } = await run(
        process.execPath,
        [...this.tracer.flags, 'app.mjs', settingsFile],
        {
          cwd: this.folder,
          env: { ...this.tracer.env(sink.url), ...mode.env },
          timeout: RUN_TIMEOUT,
        },
      );
      const report = reportIn(stdout, stderr);
      const recorded = await readFile(recording).catch(() => Buffer.alloc(0));
      return {
        ...report,
        code,
        exported: Buffer.concat([...sink.bodies, recorded]),
        ...secrets,
        told: settings.told,
        table: settings.table,
      };
    } finally {
      await Promise.all([sink.close(), database.close()]);
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function reportIn(stdout: string, stderr: string): Report {
  const line = stdout.split('\n').find((line) => line.startsWith('{"problems"'));
  if (line === undefined) throw new Error(`the application ended early:\n${stdout}\n${stderr}`);
  return JSON.parse(line) as Report;
}
