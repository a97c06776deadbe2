import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../support/conditions.js';

export type Message = Record<string, unknown> & { event: string };

const programs = new URL('../programs/', import.meta.url);
const built = new URL('../../../dist/index.js', import.meta.url);

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of its own with the built package in it: lines of JSON come out, lines of words go in. */
export class Child {
  readonly messages: Message[] = [];
  errors = '';
  readonly ended: Promise<Ended>;

  private constructor(private readonly process: ChildProcess) {
    this.ended = new Promise((resolve) => {
      process.once('close', (code, signal) => resolve({ code, signal }));
    });
    process.stderr?.on('data', (chunk) => (this.errors += String(chunk)));
    if (!process.stdout) throw new Error('a child without an output');
    createInterface(process.stdout).on('line', (line) => {
      if (line.startsWith('{')) this.messages.push(JSON.parse(line) as Message);
    });
  }

  static run(program: string, settings: Record<string, unknown>): Child {
    if (!existsSync(built)) throw new Error('these tests run the built package: npm run build');
    return new Child(
      spawn(
        process.execPath,
        [fileURLToPath(new URL(program, programs)), JSON.stringify(settings)],
        {
          stdio: ['pipe', 'pipe', 'pipe'],
        },
      ),
    );
  }

  tell(word: string): void {
    this.process.stdin?.write(`${word}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** The first message of that name; fails when the child ends without it. */
  async heard(event: string): Promise<Message> {
    let over: Ended | undefined;
    void this.ended.then((ended) => (over = ended));
    const found = await waitFor(
      () => this.messages.find((message) => message.event === event) ?? over,
      { timeout: 30_000, interval: 5, what: `"${event}" of a child process` },
    );
    if ('event' in found) return found;
    throw new Error(`the child ended (${JSON.stringify(found)}) before "${event}": ${this.errors}`);
  }
}
