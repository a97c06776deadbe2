import type { NestStore } from '../systems/nest-store.js';

/** A table of one size, with the store on it. */
export interface SizedTable {
  rows: number;
  label: string;
  opened: NestStore;
}

/** Growth is judged over two orders of magnitude and more. */
export function isLarge({ rows }: SizedTable, [smallest]: readonly SizedTable[]): boolean {
  return rows >= 100 * (smallest?.rows ?? Infinity);
}

export function tableOf(rows: number): string {
  return `scale_${rows}`;
}
