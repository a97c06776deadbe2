import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { describeKeyValueStore, type StoreFeatures } from '../../lib/testing/index.js';
import { manySection } from './sections/many.js';
import { moveSection } from './sections/moves.js';
import { neighbourSection } from './sections/neighbours.js';
import { orderSection } from './sections/order.js';
import { overwriteSection } from './sections/overwrites.js';
import { rangeOrderSection } from './sections/ranges.js';
import { rowSection } from './sections/rows.js';
import { signalSection } from './sections/signals.js';
import { updateSection } from './sections/updates.js';
import type { Section, Subject, SubjectFactory } from './subject.js';

const SECTIONS: Record<string, Section> = {
  'many keys at once': manySection,
  setIfPresent: overwriteSection,
  move: moveSection,
  update: updateSection,
  'order of calls on one key': orderSection,
  'order of range calls': rangeOrderSection,
  neighbours: neighbourSection,
  signals: signalSection,
  rows: rowSection,
};

/**
 * The contract of `KeyValueStore`, and what only a database can be asked for. The subject is made once, and
 * emptied before each test.
 */
export function describePostgresStore(
  name: string,
  factory: SubjectFactory,
  features?: StoreFeatures,
): void {
  let subject: Subject | undefined;

  const current = (): Subject => {
    if (!subject) throw new Error('the subject was not made');
    return subject;
  };

  describe(name, () => {
    beforeAll(async () => {
      subject = await factory();
    }, 120_000);
    beforeEach(() => current().clear());
    afterAll(() => subject?.close());

    describeKeyValueStore(
      name,
      () => Promise.resolve(borrowed(current())),
      { describe, it },
      features,
    );

    describe(`KeyValueStore in a database: ${name}`, () => {
      for (const [title, section] of Object.entries(SECTIONS)) {
        describe(title, () => section(current));
      }
    });
  });
}

/** Without `close`, which ends it after the last test. */
function borrowed({
  store,
  rival,
  advance,
}: Subject): Pick<Subject, 'store' | 'rival' | 'advance'> {
  return { store, rival, advance };
}
