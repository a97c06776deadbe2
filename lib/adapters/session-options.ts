import type { FormerStore } from './former-sessions.js';
import { checkKeyPrefix, checkNames, hasMethods } from './given.js';

export const DEFAULT_PREFIX = 'sess:';

const MAX_TTL_MS = 1e14;

/** What the middlewares that are adapted keep in every session. */
export interface StoredSession {
  cookie?: { expires?: Date | string | boolean | null; originalMaxAge?: number | null };
}

export interface SessionSerializer<S> {
  stringify(session: S): string | Uint8Array | Promise<string | Uint8Array>;
  parse(text: string): object | Promise<object>;
}

export interface StoredSessionOptions<S> {
  /** Stands before each session's id in its key. Not empty. Default: `sess:`. */
  prefix?: string;
  /**
   * Milliseconds that a session lives. A number counts where the cookie has no expiry, a function counts always.
   * Default: 1 day.
   */
  ttl?: number | ((session: S) => number);
  /** Default: `JSON`. */
  serializer?: SessionSerializer<S>;
  /** A touch that would move the expiry by fewer milliseconds is not sent. Default: 0. */
  touchAfter?: number;
  /** Whether a session that was not changed keeps its expiry. Default: `false`. */
  disableTouch?: boolean;
  /** Whose session it is, for `scanOwner` and `deleteOwner`. Default: nobody's. */
  ownerOf?: (session: S) => string | undefined;
  /**
   * What saving a session that was ended meanwhile answers: nothing, or an error with the code
   * `ERR_SESSION_ENDED`. Default: `ignore`.
   */
  ended?: 'ignore' | 'error';
  /** Another store, to take sessions over from. Default: none. */
  fallback?: FormerStore;
}

type Checked = Readonly<
  Record<
    Exclude<keyof StoredSessionOptions<never>, 'prefix'>,
    readonly [(given: unknown) => boolean, string]
  >
>;

/** How each option is checked, and what is allowed. */
const OPTIONS: Checked = {
  ttl: [(given) => isTtl(given) || isFunction(given), 'milliseconds above 0, or (session) => ms'],
  serializer: [(given) => hasMethods(given, ['stringify', 'parse']), '{ stringify, parse }'],
  touchAfter: [(given) => given === 0 || isTtl(given), 'milliseconds from 0'],
  disableTouch: [(given) => typeof given === 'boolean', 'true or false'],
  ownerOf: [isFunction, '(session) => string | undefined'],
  ended: [(given) => given === 'ignore' || given === 'error', "'ignore' or 'error'"],
  fallback: [(given) => hasMethods(given, ['get', 'destroy']), 'a store with get and destroy'],
};

/** Throws unless each option is known and as it is allowed. */
export function checkSessionOptions(adapter: string, options: StoredSessionOptions<never>): void {
  checkNames(adapter, options, ['prefix', ...Object.keys(OPTIONS)]);
  checkKeyPrefix(options.prefix ?? DEFAULT_PREFIX);
  for (const [name, [isAllowed, allowed]] of Object.entries(OPTIONS)) {
    const given: unknown = Reflect.get(options, name);
    if (given !== undefined && !isAllowed(given)) {
      throw new TypeError(`the option ${name} of ${adapter} must be ${allowed}`);
    }
  }
}

function isTtl(given: unknown): boolean {
  return typeof given === 'number' && given > 0 && given <= MAX_TTL_MS;
}

function isFunction(given: unknown): boolean {
  return typeof given === 'function';
}
