import type { System } from '../systems/system.js';
import { runRound, type Load, type Round } from './round.js';

/** Rounds of each system, in the order they were run; those of one index ran side by side. */
export type Rounds = Map<string, Round[]>;

/** Lets the systems take turns, so that drift of the machine hits all alike. */
export async function sideBySide(
  systems: readonly System[],
  load: Load | ((system: System) => Load),
  rounds: number,
): Promise<Rounds> {
  const results: Rounds = new Map(systems.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const system of turned(systems, round)) {
      const its = typeof load === 'function' ? load(system) : load;
      results.get(system.name)?.push(await runRound(system, its));
    }
  }
  return results;
}

/** Each round begins with another system, so that none always follows the same one. */
function turned<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
