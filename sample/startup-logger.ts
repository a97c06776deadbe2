import { ConsoleLogger } from '@nestjs/common';

/** Contexts in which Nest prints a failed start, with its stack, before it hands it to us. */
const TOLD_BY_MAIN = new Set<unknown>(['ExceptionHandler', 'NestApplication']);

/** Leaves a failed start to `main`, which tells it once and in words. */
export class StartupLogger extends ConsoleLogger {
  constructor() {
    super({ logLevels: ['error', 'warn'] });
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!TOLD_BY_MAIN.has(rest.at(-1))) super.error(message, ...rest);
  }
}
