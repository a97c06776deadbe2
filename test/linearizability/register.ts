import { NOT_A_COUNTER, REFUSED, type RecordedCall, type Result, type State } from './history.js';

interface Effect {
  state: State;
  result: Result;
}

const COUNTER = /^(0|-?[1-9][0-9]*)$/;

/**
 * The state after a call that takes effect in `state`; undefined where its caller cannot have seen
 * what it recorded.
 */
export function step(state: State, call: RecordedCall): { state: State } | undefined {
  const effect = effectOf(state, call);
  const agrees = call.end === null || effect.result === call.result;
  return agrees ? { state: effect.state } : undefined;
}

/** Whether the call, as its caller saw it, left the entry as it was, whenever it took effect. */
export function changesNothing({ operation, end, result }: RecordedCall): boolean {
  if (end === null) return false;
  switch (operation.kind) {
    case 'get':
    case 'touch':
    case 'refusedSet':
      return true;
    case 'set':
    case 'erase':
      return false;
    case 'getAndDelete':
      return result === null;
    case 'increment':
      return result === NOT_A_COUNTER;
    default:
      return result === false;
  }
}

function effectOf(state: State, { operation, end, result }: RecordedCall): Effect {
  switch (operation.kind) {
    case 'get':
      return { state, result: state };
    case 'set':
      return { state: operation.value, result: null };
    case 'setIfAbsent':
      return state === null ? { state: operation.value, result: true } : { state, result: false };
    case 'setIfPresent':
      return state === null ? { state, result: false } : { state: operation.value, result: true };
    case 'moveIn':
      // Whether there was something to move is for the other key's history to say.
      return end !== null && result === false
        ? { state, result }
        : { state: operation.value, result: true };
    case 'touch':
      return { state, result: state !== null };
    case 'delete':
      return { state: null, result: state !== null };
    case 'getAndDelete':
      return { state: null, result: state };
    case 'compareAndSet':
      return state === operation.expected
        ? { state: operation.next, result: true }
        : { state, result: false };
    case 'increment':
      return increment(state, operation.by);
    case 'erase':
      return { state: null, result: null };
    case 'refusedSet':
      return { state, result: REFUSED };
  }
}

function increment(state: State, by: number): Effect {
  if (state !== null && !COUNTER.test(state)) return { state, result: NOT_A_COUNTER };
  const next = Number(state ?? 0) + by;
  return { state: String(next), result: next };
}
