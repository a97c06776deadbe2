export interface User {
  id: string;
  name: string;
}

/** What the store keeps of a session. It is written once, at sign-in. */
export interface SessionRecord {
  user: User;
  device: string;
  /** ms since 1970. */
  since: number;
}

export interface Session extends SessionRecord {
  /** Its key in the store: the hash of the id that the browser has. */
  key: string;
  /** ms since 1970, up to `TOUCH_INTERVAL` behind. */
  lastSeen: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Unused for this long, a session ends … */
export const IDLE_TTL = 14 * DAY;
/** … and however much it is used, after this. */
export const MAX_AGE = 90 * DAY;
/** Not every request moves the expiry: one write a minute says the same. */
export const TOUCH_INTERVAL = MINUTE;

/** The ttl a session may have from now; not above 0 once it is too old. */
export function ttlOf({ since }: SessionRecord): number {
  return Math.min(IDLE_TTL, since + MAX_AGE - Date.now());
}
