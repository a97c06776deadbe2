/** The least and the largest number of each field. The first, the seconds, may be left out. */
const RANGES = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

const PRESET = /^@(yearly|monthly|weekly|daily|hourly|minutely|secondly|weekdays|weekends)$/;

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

/** Names may stand for their numbers in any field. */
const NUMBERS = new Map([
  ...MONTHS.map((name, index) => [name, String(index + 1)] as const),
  ...DAYS.map((name, index) => [name, String(index)] as const),
]);

/** `*`, a number or a range, and perhaps a step. */
const PART = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/;

/** Whether the scheduler takes the expression. It refuses a bad one too, but not by the name of our option. */
export function isCronExpression(expression: string): boolean {
  const lowerCase = expression.toLowerCase();
  if (PRESET.test(lowerCase)) {
    return true;
  }
  const numeric = lowerCase.replace(/[a-z]{3}/g, (name) => NUMBERS.get(name) ?? name);
  const fields = numeric.trim().split(/\s+/);
  const ranges = RANGES.slice(-fields.length);
  return (
    fields.length >= RANGES.length - 1 &&
    fields.length === ranges.length &&
    ranges.every((range, index) => isField(fields[index] ?? '', range))
  );
}

function isField(field: string, [least, largest]: readonly [number, number]): boolean {
  return field.split(',').every((part) => {
    const match = PART.exec(part);
    if (match === null || Number(match[3] ?? 1) === 0) {
      return false;
    }
    const from = Number(match[1] ?? least);
    const to = Number(match[2] ?? from);
    return least <= from && from <= to && to <= largest;
  });
}
