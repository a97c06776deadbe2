import type { KeyValueStore } from '../../lib/index.js';

export const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** More rows than a page of a scan or a batch holds. */
export const MANY = 1_200;

/** Keys of equal width, so that their byte order is their order. */
export const numbered = (prefix: string, count: number): string[] =>
  range(count).map((i) => `${prefix}${String(i).padStart(5, '0')}`);

export const byBytes = (a: string, b: string): number => Buffer.compare(bytes(a), bytes(b));

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The text under a key, read through the store. */
export async function textOf(store: KeyValueStore, key: string): Promise<string | undefined> {
  return (await store.get(key))?.toString('utf8');
}

/** How a promise ended, with the error's code where it has one. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'fulfilled';
  } catch (error) {
    return errorCode(error);
  }
}

export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : String(error);
}

/** Lets a caller that is not written in TypeScript pass anything. */
export const anything = (value: unknown): never => value as never;
