import fc from 'fast-check';

/** PROPERTY_FACTOR=20 looks twenty times as far. */
const FACTOR = Number(process.env.PROPERTY_FACTOR ?? 1);

/** On a slow machine the runs left after this time are left out. */
const TIME_LIMIT = 2_000 * FACTOR;

/** For a test that checks a property. */
export const PROPERTY_TIMEOUT = TIME_LIMIT + 30_000;

/**
 * Checks a property on random input. A failure prints the smallest input found, with the seed and
 * the path that give it again as PROPERTY_SEED and PROPERTY_PATH.
 */
export async function check<T>(property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  const { PROPERTY_SEED, PROPERTY_PATH } = process.env;
  const run = property.run.bind(property);
  let last: Promise<unknown> | undefined;
  property.run = (value) => {
    const running = run(value);
    last = running;
    return running;
  };
  try {
    await fc.assert(property, {
      numRuns: numRuns * FACTOR,
      plugins: [fc.interruptAfterTimeLimit(TIME_LIMIT)],
      ...(PROPERTY_SEED ? { seed: Number(PROPERTY_SEED) } : {}),
      ...(PROPERTY_PATH ? { path: PROPERTY_PATH } : {}),
    });
  } finally {
    // A run that was interrupted goes on, and its calls would meet those of the next test.
    await last;
  }
}
