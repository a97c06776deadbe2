import { median } from '../measure/statistics.js';
import type { Sample } from './sample.js';

/** What may come on top of the early figure: noise, not growth. */
const ALLOWED = {
  heapMb: (early: number) => early * 1.1 + 2,
  handles: (early: number) => early + 5,
  connections: (early: number) => early + 2,
};

export type Watched = keyof typeof ALLOWED;

/**
 * Names what grew: the median of the last quarter of the samples against that of the second one, as
 * the first quarter belongs to the warm-up.
 */
export function growth(samples: readonly Sample[]): string[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(-quarter);
  return (Object.keys(ALLOWED) as Watched[]).flatMap((figure) => {
    const [before, after] = [early, late].map((part) => median(part.map((its) => its[figure])));
    if (before === undefined || after === undefined || after <= ALLOWED[figure](before)) return [];
    return [`${figure} grew from ${before.toFixed(1)} to ${after.toFixed(1)}`];
  });
}
