import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { waitFor } from './conditions.js';
import type { Harness } from './harness.js';

const BUILT = new URL('../../dist/esm/index.js', import.meta.url);
/** A program loads in a second; a machine that runs many of them at once takes longer. */
const TIMEOUT = 60_000;

export interface Message {
  type: string;
}

export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of its own, which runs the built library and talks by messages. */
export class Program {
  readonly messages: Message[] = [];
  /** Resolves once it has ended and all that it said was heard. */
  readonly ended: Promise<ProgramEnd>;
  output = '';
  private hasEnded = false;

  private constructor(private readonly child: ChildProcess) {
    this.ended = this.end();
    child.on('message', (message: Message) => this.messages.push(message));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  /** Killed at the end of the test, or of the file if `beforeAll` started it. */
  static start(harness: Harness, file: URL, args: string[] = [], execArgv: string[] = []): Program {
    if (!existsSync(BUILT)) throw new Error('this test runs the built package: npm run build');
    const child = fork(fileURLToPath(file), args, { execArgv, silent: true });
    const program = new Program(child);
    harness.onEnd(async () => {
      child.kill('SIGKILL');
      await program.ended;
    });
    return program;
  }

  /** The first message of this kind, as soon as it is there; fails if the program ends without it. */
  async heard<T extends Message>(type: T['type'], timeout = TIMEOUT): Promise<T> {
    const find = (): T | undefined =>
      this.messages.find((message): message is T => message.type === type);
    await waitFor(() => find() ?? this.hasEnded, { timeout, what: `the program's "${type}"` });
    const message = find();
    if (!message) throw new Error(`the program ended without "${type}":\n${this.output}`);
    return message;
  }

  /** How often a message of this kind came. */
  count(type: string): number {
    return this.messages.filter((message) => message.type === type).length;
  }

  tell(message: string): void {
    this.child.send(message);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private async end(): Promise<ProgramEnd> {
    await Promise.all([once(this.child, 'close'), once(this.child, 'disconnect')]);
    this.hasEnded = true;
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }
}
