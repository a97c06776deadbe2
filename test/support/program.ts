import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitFor } from './conditions.js';
import type { Harness } from './harness.js';

/** A program loads in a second; a machine that runs many of them at once takes longer. */
const START_TIMEOUT = 60_000;

export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of its own, which runs the built library and talks by messages. */
export class Program {
  readonly messages: unknown[] = [];
  readonly ended: Promise<ProgramEnd>;
  output = '';

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'close').then(() => ({
      code: child.exitCode,
      signal: child.signalCode,
    }));
    child.on('message', (message) => this.messages.push(message));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  static start(harness: Harness, file: URL, args: string[] = [], execArgv: string[] = []): Program {
    const child = fork(fileURLToPath(file), args, { execArgv, silent: true });
    const program = new Program(child);
    harness.onEnd(async () => {
      child.kill('SIGKILL');
      await program.ended;
    });
    return program;
  }

  /** The message of this kind, as soon as it is there; fails when the program ends without it. */
  async heard<T extends { type: string }>(type: T['type'], timeout = START_TIMEOUT): Promise<T> {
    const find = (): T | undefined =>
      this.messages.find((message): message is T => (message as T).type === type);
    await waitFor(() => find() ?? this.hasEnded, { timeout, what: `the program's "${type}"` });
    const message = find();
    if (!message) throw new Error(`the program ended without "${type}":\n${this.output}`);
    return message;
  }

  /** How often a message of this kind came. */
  count(type: string): number {
    return this.messages.filter((message) => (message as { type: string }).type === type).length;
  }

  tell(message: string): void {
    this.child.send(message);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
