import type { RecordedCall, State } from './history.js';
import { changesNothing, step } from './register.js';

/** One way the calls so far may have taken effect. */
interface Possibility {
  state: State;
  /** Calls that have taken effect and have not returned yet, in ascending order. */
  ahead: readonly number[];
}

interface Event {
  time: number;
  call: number;
  isReturn: boolean;
}

/** More ways than this at once: the calls overlap too much for a verdict. */
const MOST_POSSIBILITIES = 200_000;

/**
 * Whether the calls on one key, which was absent at first, can have taken effect one after the
 * other, each between its start and its end, with the results that their callers saw
 * (Wing & Gong's search, memoised, along the time line). Returns what could not be explained.
 */
export function explainHistory(calls: RecordedCall[]): string | undefined {
  const open = new Set<number>();
  let possibilities: Possibility[] = [{ state: null, ahead: [] }];
  for (const { call, isReturn } of timeLine(calls)) {
    if (!isReturn) {
      open.add(call);
      continue;
    }
    const next = afterReturn(call, possibilities, open, calls);
    if (next.length === 0) return describeFailure(call, possibilities, open, calls);
    possibilities = next;
    open.delete(call);
  }
  return undefined;
}

/** Starts and ends in order; of equal times the start is first, as such calls may overlap. */
function timeLine(calls: RecordedCall[]): Event[] {
  const events = calls.flatMap(({ start, end }, call): Event[] => [
    { time: start, call, isReturn: false },
    ...(end === null ? [] : [{ time: end, call, isReturn: true }]),
  ]);
  return events.sort((a, b) => a.time - b.time || Number(a.isReturn) - Number(b.isReturn));
}

/** Every way in which `returned` has taken effect by now, alone or after other open calls. */
function afterReturn(
  returned: number,
  possibilities: Possibility[],
  open: Set<number>,
  calls: RecordedCall[],
): Possibility[] {
  const explained = new Map<string, Possibility>();
  const seen = new Set<string>();
  const unexplored = [...possibilities];
  for (let current = unexplored.pop(); current; current = unexplored.pop()) {
    const { state, ahead } = current;
    if (ahead.includes(returned)) {
      const done = { state, ahead: ahead.filter((call) => call !== returned) };
      explained.set(keyOf(done), done);
      continue;
    }
    for (const further of stepsFrom(current, open, calls)) {
      const key = keyOf(further);
      if (seen.has(key)) continue;
      if (seen.size > MOST_POSSIBILITIES) throw new Error('too many calls overlap for a verdict');
      seen.add(key);
      unexplored.push(further);
    }
  }
  return [...explained.values()];
}

function stepsFrom(from: Possibility, open: Set<number>, calls: RecordedCall[]): Possibility[] {
  const steps: Possibility[] = [];
  for (const call of open) {
    if (from.ahead.includes(call)) continue;
    const after = step(from.state, calls[call]);
    if (!after) continue;
    const ahead = [...from.ahead, call].sort((a, b) => a - b);
    // Nothing can come of putting off what changes nothing.
    if (changesNothing(calls[call])) return [{ ...after, ahead }];
    steps.push({ ...after, ahead });
  }
  return steps;
}

const keyOf = ({ state, ahead }: Possibility): string => `${ahead.join()} ${state ?? '\0'}`;

function describeFailure(
  failed: number,
  possibilities: Possibility[],
  open: Set<number>,
  calls: RecordedCall[],
): string {
  const states = [...new Set(possibilities.map(({ state }) => JSON.stringify(state)))];
  const describe = (call: number): string => {
    const { operation, start, end, result } = calls[call];
    return `  ${JSON.stringify(operation)} → ${JSON.stringify(result)} [${start}, ${end ?? '?'}]`;
  };
  return [
    `no order explains this call on ${JSON.stringify(calls[failed].key)}:`,
    describe(failed),
    `the value before the open calls was one of: ${states.slice(0, 10).join(', ')}`,
    `calls that were open then:`,
    ...[...open].filter((call) => call !== failed).map(describe),
  ].join('\n');
}
