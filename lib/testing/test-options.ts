/** Throws unless it is a whole number that something can be counted by. */
export function checkCount(name: string, count: unknown): void {
  if (!Number.isSafeInteger(count) || Number(count) < 1) {
    throw new RangeError(`${name} must be a whole number from 1 on`);
  }
}
