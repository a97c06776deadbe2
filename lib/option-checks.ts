import { createRequire } from 'node:module';
import { PostgresSessionError } from './postgres-session.errors.js';

/** Times are kept by timers, which wait no longer than this many milliseconds. */
const MAX_TIMER_MS = 2_147_483_647;

export function refuseUnknown(path: string, given: object, known: ReadonlySet<string>): void {
  for (const name of Object.keys(given)) {
    if (!known.has(name)) {
      throw new PostgresSessionError(
        'ERR_INVALID_OPTION',
        `Unknown option ${JSON.stringify(path + name)}. Known are ${[...known].map((each) => path + each).join(', ')}.`,
      );
    }
  }
}

export function flag(name: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalid(name, value, 'true or false');
  }
  return value ?? fallback;
}

export function integer(
  name: string,
  value: number | undefined,
  least: number,
  fallback: number,
  orElse = '',
): number {
  const given = value === undefined ? fallback : value;
  if (!Number.isSafeInteger(given) || given < least || given > MAX_TIMER_MS) {
    throw invalid(name, given, `a whole number from ${least} to ${MAX_TIMER_MS} ${orElse}`.trim());
  }
  return given;
}

export function isTimeZone(zone: unknown): boolean {
  try {
    return typeof zone === 'string' && Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

interface CronPackage {
  validateCronExpression(expression: string): { valid: boolean };
}

/** `cron` comes with `@nestjs/schedule`, so it is looked up from there. */
export function isCron(expression: unknown): boolean {
  const require = createRequire(createRequire(import.meta.url).resolve('@nestjs/schedule'));
  const cron = require('cron') as CronPackage;
  return typeof expression === 'string' && cron.validateCronExpression(expression).valid;
}

export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalid(
  name: string,
  value: unknown,
  allowed: string,
  shown = show(value),
): PostgresSessionError {
  return new PostgresSessionError(
    'ERR_INVALID_OPTION',
    `Invalid option \`${name}\`: ${shown}. Allowed: ${allowed}.`,
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  return typeof value === 'object' && value !== null ? typeof value : String(value);
}
