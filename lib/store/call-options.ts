import type {
  CallOptions,
  TtlOptions,
  WriteOptions,
} from '../interfaces/key-value-store.interface.js';
import { isAbortSignal } from '../utils/abort-signal.js';
import { checkOwner, checkSignal, checkTtl, nameType } from './arguments.js';

/** Characters of an unknown option's name that a message shows. */
const MAX_SHOWN = 40;

/** What the options of calls mean, and how each is written, for those who wrote something else. */
const OPTION_MEANINGS = {
  ttl: ['milliseconds until it expires', '{ ttl: 60_000 }'],
  owner: ['whose entry it is', "{ owner: 'ada' }"],
  by: ['what is added', '{ by: 5 }'],
  except: ['the keys to keep', '{ except: [key] }'],
  signal: ['an AbortSignal', '{ signal }'],
} as const;

/** The options of each method that takes some. */
const CALL_OPTIONS = {
  get: ['signal'],
  getEntry: ['signal'],
  set: ['ttl', 'owner', 'signal'],
  move: ['ttl', 'owner'],
  delete: ['signal'],
  deletePrefix: ['signal'],
  setMany: ['ttl', 'owner'],
  setIfAbsent: ['ttl', 'owner'],
  setIfPresent: ['ttl', 'owner', 'signal'],
  compareAndSet: ['ttl'],
  update: ['ttl'],
  increment: ['by', 'ttl'],
  deleteOwner: ['except'],
  sweep: ['signal'],
} as const satisfies Record<string, readonly (keyof typeof OPTION_MEANINGS)[]>;

type MethodWithOptions = keyof typeof CALL_OPTIONS;

/** Throws unless they are options of that method. Each call runs it, so it allocates nothing. */
export function checkOptions(method: MethodWithOptions, options: unknown): void {
  if (options === undefined) {
    return;
  }
  if (
    typeof options !== 'object' ||
    options === null ||
    Symbol.iterator in options ||
    isAbortSignal(options)
  ) {
    const [first] = CALL_OPTIONS[method];
    throw new TypeError(
      `the options of ${method} must be an object such as ${OPTION_MEANINGS[first][1]}, not ${nameType(options)}; ${takes(method)}`,
    );
  }
  const known: readonly string[] = CALL_OPTIONS[method];
  for (const name in options) {
    if (!known.includes(name) && Object.hasOwn(options, name)) {
      const shown = JSON.stringify(name.slice(0, MAX_SHOWN));
      throw new TypeError(`${method} has no option ${shown}; ${takes(method)}`);
    }
  }
}

function takes(method: MethodWithOptions): string {
  const known = CALL_OPTIONS[method].map((name) => `${name} (${OPTION_MEANINGS[name][0]})`);
  return `it takes ${known.join(', ')}`;
}

export function signalOf(options: CallOptions | undefined): AbortSignal | undefined {
  const signal = options?.signal;
  checkSignal(signal);
  return signal;
}

/** A new expiry, or none if the entry keeps its own. */
export interface Renewal {
  readonly renew: boolean;
  readonly ttl: number | null;
}

export function renewal(options: TtlOptions | undefined, longest?: number): Renewal {
  const ttl = options?.ttl;
  return { renew: ttl !== undefined, ttl: checkTtl(ttl, longest) };
}

/** Expiry and owner of an entry that is written; `null` for none. */
export interface Ownership {
  readonly ttl: number | null;
  readonly owner: string | null;
}

export function ownership(options: WriteOptions | undefined, longest?: number): Ownership {
  const ttl = checkTtl(options?.ttl, longest);
  const owner = options?.owner;
  if (owner === undefined) {
    return { ttl, owner: null };
  }
  checkOwner(owner);
  return { ttl, owner };
}
