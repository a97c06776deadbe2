import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../support/commands.js';

export const QUICK_START = join(REPOSITORY, 'sample/dist/quick-start/main.js');
const MAIN = join(REPOSITORY, 'sample/dist/main.js');
/** What `npm start` puts before the sample. */
const WITH_POSTGRES = [
  '--import',
  './scripts/typescript.mjs',
  'tools/postgres/with-postgres.ts',
  process.execPath,
];

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** All that it wrote. */
  output: string;
}

/** The built sample as a process of its own; as `npm start` runs it if it gets no DATABASE_URL. */
export class SampleProcess {
  output = '';
  readonly exited: Promise<Exit>;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.exited = once(child, 'close').then(([code, signal]: unknown[]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      output: this.output,
    }));
  }

  /** Runs until it ends by itself or is told to; does not wait for anything. */
  static spawn(environment: Record<string, string>, main = MAIN): SampleProcess {
    if (!existsSync(main)) throw new Error('Build first: npx nest build && npx nest build sample');
    const { DATABASE_URL: _, ...inherited } = process.env;
    const args = environment.DATABASE_URL === undefined ? [...WITH_POSTGRES, main] : [main];
    return new SampleProcess(
      spawn(process.execPath, args, {
        cwd: REPOSITORY,
        env: { ...inherited, PORT: '0', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, so that `kill` reaches the sample behind its launcher too.
        detached: true,
      }),
    );
  }

  /** Resolves once it serves. */
  static async start(environment: Record<string, string>, main?: string): Promise<SampleProcess> {
    const sample = SampleProcess.spawn(environment, main);
    await sample.started();
    return sample;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Where it told people to point the browser. */
  get url(): string {
    return /http:\/\/[^\s]+/.exec(this.output)?.[0] ?? '';
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }

  /** Ends it as a crash would, and its launcher with it. */
  async kill(): Promise<Exit> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      process.kill(-this.pid, 'SIGKILL');
    }
    return this.exited;
  }

  private async started(): Promise<void> {
    const told = new Promise<void>((resolve) => {
      const look = () => this.url && resolve();
      this.child.stdout?.on('data', look);
    });
    const ended = this.exited.then(({ output }) => {
      throw new Error(`The sample ended instead of serving:\n${output}`);
    });
    await Promise.race([told, ended]);
    ended.catch(() => undefined);
  }
}
