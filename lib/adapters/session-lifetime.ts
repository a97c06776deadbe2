import type { StoredSession } from './session-options.js';

const DAY_MS = 86_400_000;

type Ttl<S> = number | ((session: S) => number);

/** How long a session lives, in milliseconds. */
export class SessionLifetime<S extends StoredSession> {
  constructor(private readonly ttl: Ttl<S> = DAY_MS) {}

  /** From now on. Not above 0 if it is over. */
  of(session: S): number {
    const left = typeof this.ttl === 'function' ? undefined : timeUntil(session.cookie?.expires);
    return checked(left ?? this.usual(session));
  }

  /** What is left of one that another store kept, which may not have moved the expiry in the cookie. */
  leftOf(session: S): number {
    const { expires, originalMaxAge } = session.cookie ?? {};
    const left = timeUntil(expires);
    return checked(left !== undefined && left > 0 ? left : (originalMaxAge ?? this.usual(session)));
  }

  private usual(session: S): number {
    return typeof this.ttl === 'function' ? this.ttl(session) : this.ttl;
  }
}

/** `undefined` if it says nothing. */
function timeUntil(expires: unknown): number | undefined {
  if (typeof expires !== 'string' && !(expires instanceof Date)) {
    return undefined;
  }
  return new Date(expires).getTime() - Date.now();
}

function checked(ttl: unknown): number {
  if (typeof ttl !== 'number' || Number.isNaN(ttl)) {
    throw new TypeError('the time to live of a session must be a number of milliseconds');
  }
  return ttl;
}
