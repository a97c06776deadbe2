import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { atomicSection } from './sections/atomic.js';
import { rangeOrderSection } from './sections/ranges.js';
import { byteSection } from './sections/bytes.js';
import { counterSection } from './sections/counters.js';
import { entrySection } from './sections/entries.js';
import { expirySection } from './sections/expiry.js';
import { manySection } from './sections/many.js';
import { namespaceSection } from './sections/namespaces.js';
import { neighbourSection } from './sections/neighbours.js';
import { overwriteSection } from './sections/overwrites.js';
import { orderSection } from './sections/order.js';
import { ownerSection } from './sections/owners.js';
import { prefixSection } from './sections/prefixes.js';
import { scanSection } from './sections/scans.js';
import { signalSection } from './sections/signals.js';
import { touchSection } from './sections/touches.js';
import { updateSection } from './sections/updates.js';
import { wholeEntrySection } from './sections/whole-entries.js';
import type { Features, Section, Subject, SubjectFactory } from './subject.js';

const SECTIONS: Record<string, Section> = {
  entries: entrySection,
  getEntry: wholeEntrySection,
  bytes: byteSection,
  'many keys at once': manySection,
  touch: touchSection,
  setIfPresent: overwriteSection,
  'atomic calls': atomicSection,
  update: updateSection,
  increment: counterSection,
  expiry: expirySection,
  'deletion by prefix': prefixSection,
  scan: scanSection,
  owners: ownerSection,
  namespaces: namespaceSection,
  'order of calls on one key': orderSection,
  'order of range calls': rangeOrderSection,
  neighbours: neighbourSection,
  signals: signalSection,
};

/**
 * The contract of `KeyValueStore`, sentence by sentence, for any implementation of it.
 * The subject is made once, and emptied before each test.
 */
export function describeKeyValueStore(
  name: string,
  factory: SubjectFactory,
  features: Features,
): void {
  describe(`KeyValueStore: ${name}`, () => {
    let subject: Subject | undefined;

    const current = (): Subject => {
      if (!subject) throw new Error('the subject was not made');
      return subject;
    };

    beforeAll(async () => {
      subject = await factory();
    }, 120_000);
    beforeEach(() => current().clear());
    afterAll(() => subject?.close());

    for (const [title, section] of Object.entries(SECTIONS)) {
      describe(title, () => section(current, features));
    }
  });
}
