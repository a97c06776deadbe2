import { invalidOption, PostgresSessionError } from './postgres-session.errors.js';
import { isAbortSignal } from './utils/abort-signal.js';
import { isCronExpression } from './utils/cron-expression.js';

/** Times are kept by timers, which wait no longer than this many milliseconds. */
const MAX_TIMER_MS = 2_147_483_647;

/** Checks an option that was given, and returns it as the store uses it. */
export type Check<T> = (name: string, given: unknown) => T;

/** An option: its check, what it is if it is not given, and how the README tells of it. */
export interface Option<T> {
  readonly check: Check<T>;
  readonly fallback: T;
  readonly meaning: string;
  /** The default in words. */
  readonly byDefault: string;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The options of a table, each as its check returns it. */
export type Resolved<T extends OptionTable> = {
  readonly [Name in keyof T]: T[Name]['fallback'];
};

export function option<T>(
  check: Check<T>,
  fallback: T,
  meaning: string,
  byDefault = String(fallback),
): Option<T> {
  return { check, fallback, meaning, byDefault };
}

/** Checks every option of a table and fills in the defaults. Names that it does not have are refused. */
export function resolveTable<T extends OptionTable>(
  table: T,
  given: object,
  path = '',
): Resolved<T> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) {
      const known = Object.keys(table).map((each) => path + each);
      throw new PostgresSessionError(
        'ERR_INVALID_OPTION',
        `Unknown option ${JSON.stringify(path + name)}. Known are ${known.join(', ')}.`,
      );
    }
  }
  const resolved = Object.entries(table).map(([name, { check, fallback }]) => {
    const value: unknown = Reflect.get(given, name);
    return [name, value === undefined ? fallback : check(path + name, value)] as const;
  });
  return Object.fromEntries(resolved) as Resolved<T>;
}

export const flag: Check<boolean> = (name, given) => {
  if (typeof given !== 'boolean') {
    throw invalid(name, given, notText(given, 'true or false'));
  }
  return given;
};

export function integerFrom(least: number, most = MAX_TIMER_MS): Check<number> {
  return (name, given) => {
    if (!isInteger(given, least, most)) {
      throw invalid(name, given, notText(given, `a whole number from ${least} to ${most}`));
    }
    return given;
  };
}

/** `false` is no bound, which is `undefined` inside. */
export function integerOrFalse(least: number): Check<number | undefined> {
  return (name, given) => {
    if (given === false) {
      return undefined;
    }
    if (!isInteger(given, least, MAX_TIMER_MS)) {
      const allowed = `a whole number from ${least} to ${MAX_TIMER_MS} or false`;
      throw invalid(name, given, notText(given, allowed));
    }
    return given;
  };
}

/** `false`, which is `undefined` inside, or an object with options of its own. */
export function tableOrFalse<T extends OptionTable>(table: T): Check<Resolved<T> | undefined> {
  return (name, given) => {
    if (given === false) {
      return undefined;
    }
    if (!isRecord(given)) {
      const allowed = `false or { ${Object.keys(table).join(', ')} }`;
      throw invalid(name, given, notText(given, allowed));
    }
    return resolveTable(table, given, `${name}.`);
  };
}

export const signal: Check<AbortSignal | undefined> = (name, given) => {
  if (!isAbortSignal(given)) {
    throw invalid(name, given, 'an AbortSignal');
  }
  return given;
};

export const timeZone: Check<string | undefined> = (name, given) => {
  if (typeof given !== 'string' || !isTimeZone(given)) {
    throw invalid(name, given, 'an IANA time zone such as "Europe/Berlin"');
  }
  return given;
};

export const cron: Check<string> = (name, given) => {
  if (typeof given !== 'string' || !isCronExpression(given)) {
    throw invalid(name, given, 'a cron expression of five or six fields');
  }
  return given;
};

export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalid(
  name: string,
  value: unknown,
  allowed: string,
  shown = show(value),
): PostgresSessionError {
  return invalidOption(name, shown, allowed);
}

/** What is allowed, for somebody who gave a text of it. */
function notText(given: unknown, allowed: string): string {
  return typeof given === 'string'
    ? `${allowed}, and no string. Values of the environment and of a ConfigService are strings: convert them, as Number(value) or value === 'true' does`
    : allowed;
}

function isInteger(given: unknown, least: number, most: number): given is number {
  return Number.isSafeInteger(given) && Number(given) >= least && Number(given) <= most;
}

function isTimeZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

/** The kind of a value that may hold a secret, and so is not shown. */
export function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return value == null ? String(value) : `a ${typeof value}`;
  }
  if (Array.isArray(value)) {
    return 'an array';
  }
  if ('then' in value && typeof value.then === 'function') {
    return 'a promise, which has to be awaited';
  }
  const { name } = value.constructor ?? Object;
  return name === 'Object' ? 'an object' : `an object of the class ${name}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') {
    if (/:\/\/|[=@]/.test(value)) {
      return 'a text that is not shown, since it may be a connection string';
    }
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  return typeof value === 'object' && value !== null ? typeof value : String(value);
}
