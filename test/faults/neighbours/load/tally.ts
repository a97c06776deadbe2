import { inspect } from 'node:util';
import type { Fault } from './settings.js';

/** Counts what calls came to. */
export class Tally {
  right = 0;
  readonly rejections: Record<string, number> = {};
  private readonly kinds = new Map<string, Fault>();

  get faults(): Fault[] {
    return [...this.kinds.values()];
  }

  fault(kind: string, example: unknown): void {
    const known = this.kinds.get(kind);
    if (known) known.count += 1;
    else this.kinds.set(kind, { kind, count: 1, example: shown(example) });
  }

  reject(code: string): void {
    this.rejections[code] = (this.rejections[code] ?? 0) + 1;
  }

  /** Keeps the process alive past what nobody caught, so that all of it is counted. */
  watchUncaught(): void {
    process.on('uncaughtException', (error) => this.fault('uncaught', error));
    process.on('unhandledRejection', (reason) => this.fault('uncaught', reason));
  }
}

function shown(example: unknown): string {
  return (typeof example === 'string' ? example : inspect(example)).slice(0, 600);
}
