import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

type Level = 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal';

export interface LogLine {
  level: Level;
  /** Everything that was handed to the logger, causes included. */
  text: string;
}

/** A logger that keeps what it is told, for tests that read the log. */
export class LogCapture implements LoggerService {
  readonly lines: LogLine[] = [];

  log(...args: unknown[]): void {
    this.keep('log', args);
  }

  error(...args: unknown[]): void {
    this.keep('error', args);
  }

  warn(...args: unknown[]): void {
    this.keep('warn', args);
  }

  debug(...args: unknown[]): void {
    this.keep('debug', args);
  }

  verbose(...args: unknown[]): void {
    this.keep('verbose', args);
  }

  fatal(...args: unknown[]): void {
    this.keep('fatal', args);
  }

  /** The lines that tell of trouble. */
  get complaints(): string[] {
    return this.lines.filter(({ level }) => isComplaint(level)).map(({ text }) => text);
  }

  get text(): string {
    return this.lines.map(({ text }) => text).join('\n');
  }

  private keep(level: Level, args: unknown[]): void {
    this.lines.push({ level, text: args.map(inLog).join(' ') });
  }
}

function isComplaint(level: Level): boolean {
  return level === 'error' || level === 'warn' || level === 'fatal';
}

function inLog(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 10, showHidden: true });
}
