import { TIMINGS } from '../timings.js';

/** So many keys are remembered at most. */
const MOST_KEYS = 1_024;

/** Keys whose rows somebody else was found to hold locked a short while ago. */
export class LockedKeys {
  private readonly until = new Map<string, number>();

  add(key: string, now: number): void {
    if (this.until.size >= MOST_KEYS) {
      this.until.clear();
    }
    this.until.set(key, now + TIMINGS.LOCKED_KEY_MEMORY);
  }

  has(key: string, now: number): boolean {
    if (this.until.size === 0) {
      return false;
    }
    const until = this.until.get(key);
    return until !== undefined && now < until;
  }

  delete(key: string): void {
    this.until.delete(key);
  }
}
