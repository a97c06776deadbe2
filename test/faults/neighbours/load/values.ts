/** Keys that are there from the beginning to the end. */
export const LIVE = Array.from({ length: 200 }, (_, n) => `live:${n}`);

/** The table's constraint refuses a value that begins so. */
export const REFUSED = 'refused';

const LONGEST = 2_000;
/** More than arrives in one piece. */
const LARGE = 100_000;

/** A value that says whose it is at its beginning and at its end, as no part of another one does. */
export function valueOf(key: string): string {
  const length = Math.random() < 0.01 ? LARGE : Math.random() * LONGEST;
  const filler = Math.random().toString(36).slice(2).padEnd(length, '.');
  return `${key}|${filler}|${key}`;
}

export function belongsTo(key: string, value: string): boolean {
  return value.startsWith(`${key}|`) && value.endsWith(`|${key}`);
}

export function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)];
}
