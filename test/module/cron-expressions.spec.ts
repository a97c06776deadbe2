import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isCronExpression } from '../../lib/utils/cron-expression.js';
import { check, PROPERTY_TIMEOUT } from '../property/check.js';

interface CronPackage {
  validateCronExpression(expression: string): { valid: boolean };
}

// The one that `@nestjs/schedule` uses.
const require = createRequire(import.meta.url);
const cron = createRequire(require.resolve('@nestjs/schedule'))('cron') as CronPackage;
const isTaken = (expression: string): boolean => cron.validateCronExpression(expression).valid;

const PRESETS = ['@yearly', '@Daily', '@weekdays', '@secondly', '@never', '@daily '];
const NAMES = ['jan', 'DEC', 'Sun', 'sat', 'monday', 'ja', 'l', 'janfeb', 'xyz'];

const number = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 9 }).map(String) },
  { weight: 2, arbitrary: fc.nat({ max: 65 }).map(String) },
  fc.constantFrom('00', '07', '007', '-1', '1.5', '1e1', '', '١', '9'.repeat(400)),
  fc.constantFrom(...NAMES),
);
const base = fc.oneof(
  { weight: 3, arbitrary: fc.constant('*') },
  { weight: 4, arbitrary: number },
  { weight: 2, arbitrary: fc.tuple(number, number).map((ends) => ends.join('-')) },
  fc.constantFrom('?', 'L', '15W', '5#3', '**', '*-*', '1-', '-', '*5', '5*', '*-5', '1-2-3'),
);
const part = fc.oneof(
  { weight: 4, arbitrary: base },
  fc.tuple(base, number).map(([range, step]) => `${range}/${step}`),
);
const field = fc.oneof(
  { weight: 6, arbitrary: part },
  fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')),
);
const fields = fc
  .array(field, { minLength: 4, maxLength: 7 })
  .chain((all) => fc.constantFrom(' ', '  ', '\t', '\n').map((space) => all.join(space)));
/** One strange field beside those that mean "always", so that it decides. */
const oneField = fc
  .tuple(field, fc.nat({ max: 5 }))
  .map(([strange, at]) => ['*', '*', '*', '*', '*', '*'].with(at, strange).join(' '));
const padded = fc
  .tuple(fc.oneof(fields, oneField), fc.constantFrom('', ' ', '\n'))
  .map(([expression, space]) => space + expression + space);
const expressions = fc.oneof(
  { weight: 6, arbitrary: oneField },
  { weight: 4, arbitrary: fields },
  padded,
  fc.constantFrom(...PRESETS),
  fc.string(),
);

describe('A cron expression', () => {
  it(
    'is taken exactly when the scheduler takes it',
    async () => {
      const counts = { taken: 0, refused: 0 };
      const property = fc.asyncProperty(expressions, async (expression) => {
        const taken = isTaken(expression);
        counts[taken ? 'taken' : 'refused'] += 1;
        expect({ expression, taken: isCronExpression(expression) }).toEqual({ expression, taken });
      });
      await check(property, 5_000);
      expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(100);
    },
    PROPERTY_TIMEOUT,
  );

  it.each([...PRESETS, '*/5 * * * *', '0 0 3 * jan-mar mon,wed-fri', '? ? ? * *', '0 0 L * *'])(
    'is taken or refused as by the scheduler: %j',
    (expression) => expect(isCronExpression(expression)).toBe(isTaken(expression)),
  );
});
