import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formsIn } from './support/secrets.js';
import { CALLERS, CALLS, TracedApp, type Outcome } from './support/traced-app.js';
import type { Tracer } from './support/tracers.js';

/** Packages of this size take their time to install. */
const SLOW = 240_000;

/** What holds for an application under a tracer, in each of the tracer's modes. */
export function describeTracer(tracer: Tracer): void {
  describe(`an application under ${tracer.title}`, () => {
    let app: Promise<TracedApp>;

    beforeAll(async () => {
      app = TracedApp.install(tracer);
      await app;
    }, SLOW);

    afterAll(async () => (await app).remove());

    describe.each(tracer.modes)('$title', (mode) => {
      let outcome: Outcome;

      beforeAll(async () => {
        outcome = await (await app).run(mode);
      }, SLOW);

      it(`gets from each of ${CALLS} calls what its key holds`, () => {
        expect(outcome.problems).toEqual([]);
      });

      it('ends by itself, with nothing uncaught, logged or warned of', () => {
        expect(outcome.troubles).toEqual([]);
        expect(outcome.code).toBe(0);
      });

      it('has a span for each statement, and each span is ended once', () => {
        const { started, ended, complaints } = outcome.spans;
        expect(complaints).toEqual([]);
        // A statement carries one call of each caller at most.
        expect(started).toBeGreaterThan(CALLS / CALLERS);
        expect(ended).toBe(started);
      });

      it('exports statements, and no key or value of a session', () => {
        expect(outcome.exported.includes(outcome.table)).toBe(true);
        expect(outcome.exported.includes(mode.mark ?? '')).toBe(true);
        expect(outcome.exported.includes(outcome.told)).toBe(mode.tellsValues ?? false);
        expect(formsIn(outcome.exported, outcome.key)).toEqual([]);
        expect(formsIn(outcome.exported, outcome.value)).toEqual([]);
      });
    });
  });
}
