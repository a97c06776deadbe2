import { nameType } from '../store/arguments.js';

/** Throws unless `options` is an object that has options of these names alone. */
export function checkNames(of: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`the options of ${of} must be an object, not ${nameType(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `${of} has no option ${JSON.stringify(unknown)}. Known are ${known.join(', ')}.`,
    );
  }
}

export function checkCount(name: string, count: unknown): void {
  if (!Number.isSafeInteger(count) || Number(count) < 1) {
    throw new RangeError(`${name} must be a whole number from 1 on`);
  }
}
