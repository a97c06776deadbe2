import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Program = 'heap' | 'load';

/** A Node process of its own that runs one of the programs here, with its input as JSON. */
export function startChild(program: Program, input: object): ChildProcess {
  const path = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
  const child = fork(path, [JSON.stringify(input)], { execArgv: ['--expose-gc'] });
  // One that is still at work must not outlive us.
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  child.once('exit', () => process.off('exit', reap));
  return child;
}

/** The next message of a child; rejects when it ends without one. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const answer: unknown[] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`a process of the benchmark ended with ${code}`);
      }),
    ]);
    return answer[0] as T;
  } finally {
    settled.abort();
  }
}

/** What `startChild` was given. */
export function inputOf(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Sends to the parent; resolves once it is on its way, so that the process may end. */
export function tellParent(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
