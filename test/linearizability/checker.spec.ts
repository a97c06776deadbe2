import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explainHistory } from './checker.js';
import {
  NOT_A_COUNTER,
  REFUSED,
  type Operation,
  type RecordedCall,
  type Result,
} from './history.js';

type Row = [start: number, end: number | null, operation: Operation, result: Result];

const history = (...rows: Row[]): RecordedCall[] =>
  rows.map(([start, end, operation, result]) => ({ key: 'k', start, end, operation, result }));

const set = (value: string): Operation => ({ kind: 'set', value });
const cas = (expected: string, next: string): Operation => ({
  kind: 'compareAndSet',
  expected,
  next,
});
const overwrite = (value: string): Operation => ({ kind: 'setIfPresent', value });
const moveIn = (value: string): Operation => ({ kind: 'moveIn', value });
const get: Operation = { kind: 'get' };
const remove: Operation = { kind: 'delete' };
const take: Operation = { kind: 'getAndDelete' };
const touch: Operation = { kind: 'touch' };
const erase: Operation = { kind: 'erase' };
const refused: Operation = { kind: 'refusedSet' };
const one: Operation = { kind: 'increment', by: 1 };

const explained: [string, RecordedCall[]][] = [
  ['no call at all', history()],
  [
    'calls one after the other',
    history([0, 1, set('a'), null], [2, 3, get, 'a'], [4, 5, remove, true]),
  ],
  ['a read of what is being written', history([0, 9, set('a'), null], [1, 2, get, 'a'])],
  ['a read of what was there before', history([0, 9, set('a'), null], [1, 2, get, null])],
  [
    'overlapping writes seen in either order',
    history([0, 5, set('a'), null], [1, 6, set('b'), null], [7, 8, get, 'a']),
  ],
  ['counters that return out of order', history([0, 9, one, 2], [1, 8, one, 1], [2, 7, one, 3])],
  ['calls that touch in time', history([0, 5, set('a'), null], [5, 6, get, null])],
  [
    'a write of unknown outcome that happened',
    history([0, null, set('a'), null], [9, 10, get, 'a']),
  ],
  [
    'a write of unknown outcome that did not',
    history([0, null, set('a'), null], [9, 10, get, null]),
  ],
  ['a value that is no counter', history([0, 1, set('x'), null], [2, 3, one, NOT_A_COUNTER])],
  [
    'a write that was refused',
    history([0, 1, set('a'), null], [2, 3, refused, REFUSED], [4, 5, get, 'a']),
  ],
  [
    'a second write of the same value after a delete',
    history([0, 1, set('a'), null], [2, 9, set('a'), null], [3, 4, remove, true], [5, 6, get, 'a']),
  ],
  [
    'an erasure that waited for a write',
    history([0, 9, erase, null], [1, 2, set('a'), null], [3, 4, get, 'a'], [5, 6, get, null]),
  ],
  [
    'moves over each other',
    history(
      [0, 5, moveIn('a'), true],
      [1, 6, moveIn('b'), true],
      [2, 7, moveIn('c'), false],
      [8, 9, get, 'a'],
    ),
  ],
  [
    'a move of unknown outcome',
    history([0, null, moveIn('a'), null], [1, 2, get, null], [3, 4, get, 'a']),
  ],
  [
    'an overwriting that came before a delete',
    history(
      [0, 1, set('a'), null],
      [2, 9, overwrite('b'), true],
      [3, 4, remove, true],
      [5, 6, get, null],
    ),
  ],
  [
    'a swap that lost to a delete',
    history([0, 1, set('a'), null], [2, 9, cas('a', 'b'), false], [3, 4, remove, true]),
  ],
];

const broken: [string, RecordedCall[]][] = [
  ['a stale read', history([0, 1, set('a'), null], [2, 3, set('b'), null], [4, 5, get, 'a'])],
  ['a lost write', history([0, 1, set('a'), null], [2, 3, get, null])],
  ['a value from nowhere', history([0, 1, get, 'a'])],
  ['a value from the future', history([0, 1, get, 'a'], [2, 3, set('a'), null])],
  [
    'two reads that disagree on the order',
    history([0, 9, set('a'), null], [1, 2, get, 'a'], [3, 4, get, null]),
  ],
  ['an acknowledged write that must be refused', history([0, 1, refused, null])],
  ['a refusal of what is let in', history([0, 1, set('a'), REFUSED])],
  ['a lost increment', history([0, 5, one, 1], [1, 6, one, 1])],
  ['a value taken twice', history([0, 1, set('a'), null], [2, 5, take, 'a'], [3, 6, take, 'a'])],
  [
    'two swaps that both won',
    history([0, 1, set('a'), null], [2, 5, cas('a', 'b'), true], [3, 6, cas('a', 'c'), true]),
  ],
  ['a move that wrote nothing', history([0, 1, moveIn('a'), true], [2, 3, get, null])],
  [
    'a move that wrote although there was nothing to move',
    history([0, 1, moveIn('a'), false], [2, 3, get, 'a']),
  ],
  [
    'an overwriting of a deleted entry',
    history([0, 1, set('a'), null], [2, 3, remove, true], [4, 5, overwrite('b'), true]),
  ],
  [
    'an overwriting that was lost',
    history([0, 1, set('a'), null], [2, 3, overwrite('b'), true], [4, 5, get, 'a']),
  ],
  [
    'a touch of a deleted entry',
    history([0, 1, set('a'), null], [2, 3, remove, true], [4, 5, touch, true]),
  ],
  ['a delete that found nothing', history([0, 1, set('a'), null], [2, 3, remove, false])],
  ['a resurrection', history([0, 1, set('a'), null], [2, 3, take, 'a'], [4, 5, get, 'a'])],
  [
    'an unknown write that came and went',
    history([0, null, set('a'), null], [1, 2, get, 'a'], [3, 4, get, null]),
  ],
];

describe('the check of histories', () => {
  it.each(explained)('accepts %s', (_, calls) => {
    expect(explainHistory(calls)).toBeUndefined();
  });

  it.each(broken)('rejects %s', (_, calls) => {
    expect(explainHistory(calls)).toContain('no order explains');
  });

  it('accepts what a real register answers, however its calls overlap', () => {
    const overlapping = fc.array(fc.tuple(fc.nat(3), fc.nat(30), fc.nat(30)), { maxLength: 60 });
    fc.assert(
      fc.property(overlapping, (calls) => {
        expect(explainHistory(honest(calls))).toBeUndefined();
      }),
    );
  });

  it('rejects one false read among hundreds of true ones', () => {
    const calls = honest(
      Array.from({ length: 400 }, (_, i) => [i % 3, (i * 7) % 20, (i * 11) % 20]),
    );
    expect(explainHistory(calls)).toBeUndefined();
    const read = calls.findLastIndex(({ operation }) => operation.kind === 'get');
    calls[read].result = 'never written';
    expect(explainHistory(calls)).toContain('never written');
  });

  /** Calls that take effect at 10, 20, 30 …, each recorded as longer than that on both sides. */
  function honest(shapes: [kind: number, before: number, after: number][]): RecordedCall[] {
    let state: string | null = null;
    return shapes.map(([kind, before, after], i) => {
      const time = i * 10;
      const times = { key: 'k', start: time - before, end: time + after };
      if (kind === 0) return { ...times, operation: get, result: state };
      if (kind === 1) {
        const result = state !== null;
        state = null;
        return { ...times, operation: remove, result };
      }
      if (kind === 2) {
        const result: Result =
          state === null || /^[0-9]+$/.test(state) ? Number(state ?? 0) + 1 : NOT_A_COUNTER;
        if (typeof result === 'number') state = String(result);
        return { ...times, operation: one, result };
      }
      state = `v${i}`;
      return { ...times, operation: set(state), result: null };
    });
  }
});
