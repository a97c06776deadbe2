import { setTimeout as rest } from 'node:timers/promises';
import type { KeyValueStore } from '../../interfaces/key-value-store.interface.js';
import { argumentSection } from './arguments.js';
import { atomicSection } from './atomic.js';
import { byteSection } from './bytes.js';
import { counterSection } from './counters.js';
import { entrySection } from './entries.js';
import { entryRangeSection } from './entry-ranges.js';
import { expirySection } from './expiry.js';
import { HOUR, MINUTE } from './helpers.js';
import { manySection } from './many.js';
import { moveSection } from './moves.js';
import { namespaceSection } from './namespaces.js';
import { neighbourSection } from './neighbours.js';
import { overwriteSection } from './overwrites.js';
import { orderSection } from './order.js';
import { ownerSection } from './owners.js';
import { prefixSection } from './prefixes.js';
import { rangeOrderSection } from './ranges.js';
import { scanSection } from './scans.js';
import type { Section, StoreFeatures, TestSubject } from './section.js';
import { signalSection } from './signals.js';
import { touchSection } from './touches.js';
import { updateSection } from './updates.js';
import { wholeEntrySection } from './whole-entries.js';

const SECTIONS: Record<string, Section> = {
  arguments: argumentSection,
  entries: entrySection,
  getEntry: wholeEntrySection,
  bytes: byteSection,
  'many keys at once': manySection,
  touch: touchSection,
  setIfPresent: overwriteSection,
  move: moveSection,
  'atomic calls': atomicSection,
  update: updateSection,
  increment: counterSection,
  expiry: expirySection,
  'deletion by prefix': prefixSection,
  scan: scanSection,
  'scanEntries and count': entryRangeSection,
  owners: ownerSection,
  namespaces: namespaceSection,
  'order of calls on one key': orderSection,
  'order of range calls': rangeOrderSection,
  neighbours: neighbourSection,
  signals: signalSection,
};

/** Without a clock that can be moved, tests of expiry wait this many milliseconds. */
const REAL_TTL = 50;

/** A store to test. */
export interface StoreUnderTest {
  /** It holds no entry. */
  readonly store: KeyValueStore;
  /** Another instance on the same entries, as a second process would have it. */
  readonly rival?: KeyValueStore;
  /** Lets this many milliseconds pass by the store's clock. Without it, tests of expiry wait in real time. */
  readonly advance?: (ms: number) => Promise<void>;
  /** Called after the test. */
  readonly close?: () => Promise<void>;
}

/** What a test runner gives: `describe` and `it` of jest, vitest, node:test and others. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
}

/**
 * Declares the contract of `KeyValueStore`, sentence by sentence, as tests of any implementation of it.
 *
 * @example
 * describeKeyValueStore('my store', async () => ({ store: new MyStore() }), { describe, it });
 *
 * @param factory called before each test, for a store without entries.
 * @publicApi
 */
export function describeKeyValueStore(
  name: string,
  factory: () => Promise<StoreUnderTest>,
  { describe, it }: TestRunner,
  { owners = true, maxKeyBytes = 1_024 }: StoreFeatures = {},
): void {
  describe(`KeyValueStore: ${name}`, () => {
    for (const [title, section] of Object.entries(SECTIONS)) {
      describe(title, () => {
        section(
          (title, body) => {
            it(title, () => runOn(factory, body));
          },
          { owners, maxKeyBytes },
        );
      });
    }
  });
}

async function runOn(
  factory: () => Promise<StoreUnderTest>,
  body: (subject: TestSubject) => Promise<void>,
): Promise<void> {
  const made = await factory();
  try {
    await body(subjectOf(made));
  } finally {
    await made.close?.();
  }
}

function subjectOf({ store, rival = store, advance }: StoreUnderTest): TestSubject {
  if (advance === undefined) {
    // A timer may end a millisecond early.
    const expire = (): Promise<void> => rest(REAL_TTL + 10);
    return { store, rival, shortTtl: REAL_TTL, expire, age: () => Promise.resolve(0) };
  }
  return {
    store,
    rival,
    shortTtl: MINUTE,
    expire: () => advance(MINUTE),
    age: async () => {
      await advance(HOUR / 2);
      return HOUR / 2;
    },
  };
}
