import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Deque } from '../../lib/utils/deque.js';
import { check, PROPERTY_TIMEOUT } from '../property/check.js';

/** Pushes so many items, or takes so many from one of the two ends. */
const step = fc.record({
  action: fc.constantFrom('push', 'shift', 'pop'),
  // Many at a time, so that what was taken is cleared away too.
  times: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 500, max: 1_500 })),
});

describe('A deque', () => {
  it(
    'holds what an array holds that is changed in the same way',
    async () => {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const deque = new Deque<number>();
        let model: number[] = [];
        let pushed = 0;
        for (const { action, times } of steps) {
          for (let n = 0; n < times; n += 1) {
            if (action === 'push') {
              pushed += 1;
              deque.push(pushed);
              model.push(pushed);
            } else if (action === 'shift') {
              expect(deque.shift()).toBe(model[0]);
              model = model.slice(1);
            } else {
              expect(deque.pop()).toBe(model.pop());
            }
          }
          expect([deque.length, deque.first(), deque.last()]).toEqual([
            model.length,
            model[0],
            model.at(-1),
          ]);
        }
      });
      await check(property, 50);
    },
    PROPERTY_TIMEOUT,
  );
});
