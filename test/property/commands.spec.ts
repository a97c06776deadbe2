import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { postgresSubject } from '../conformance/postgres-subject.js';
import { inMemorySubject } from '../conformance/in-memory-subject.js';
import type { InspectedStore } from '../conformance/subject.js';
import { key } from './arbitraries.js';
import { answerOfModel, answerOfStore, anyCall, type Call } from './calls.js';
import { check, PROPERTY_TIMEOUT } from './check.js';
import { ModelStore } from './model-store.js';

type Command = fc.AsyncCommand<ModelStore, InspectedStore>;

const smallBatches = { concurrency: 2, maxRows: 3, maxBytes: 256 };

const variants: [string, () => Promise<InspectedStore>][] = [
  ['with batching', postgresSubject()],
  ['with small batches', postgresSubject({ options: { batching: smallBatches } })],
  ['without batching', postgresSubject({ options: { batching: false } })],
  ['through a namespace', postgresSubject({ namespace: 'view:' })],
  ['in memory', inMemorySubject],
];

const callCommand = (call: Call): Command => ({
  check: () => true,
  run: async (model, { store }) => {
    expect(await answerOfStore(store, call)).toEqual(answerOfModel(model, call));
  },
  toString: () => call.title,
});

/** Time passes: the entry, if it has an expiry, is over it. */
const expireCommand = (expired: string): Command => ({
  check: (model) => model.entries.get(expired)?.expiry === 'ahead',
  run: async (model, subject) => {
    const entry = model.entries.get(expired);
    if (entry) entry.expiry = 'past';
    await subject.expire(expired);
  },
  toString: () => `expire(${fc.stringify(expired)})`,
});

/** A range call waits for what was made before it, but not everything waits for a range call. */
function upToRangeCalls(calls: readonly Call[]): Call[][] {
  const parts: Call[][] = [[]];
  for (const call of calls) {
    parts.at(-1)?.push(call);
    if (call.isRange) parts.push([]);
  }
  return parts;
}

/** Every entry lies in the table as the model has it. */
async function expectSameEntries(model: ModelStore, subject: InspectedStore): Promise<void> {
  for (const name of model.scan('')) {
    const { value, expiry, owner } = model.entries.get(name) ?? {};
    const stored = await subject.stored(name);
    expect({ name, value: stored?.value, expires: stored?.ttl !== null, owner: stored?.owner })
      .toEqual({ name, value, expires: expiry !== 'none', owner: owner ?? null }); // prettier-ignore
  }
}

describe.each(variants)('random calls, %s', (_, makeSubject) => {
  let subject: InspectedStore;

  beforeAll(async () => {
    subject = await makeSubject();
  });
  afterAll(() => subject.close());

  it(
    'answers each call as the model does',
    async () => {
      const commands = fc.commands([anyCall.map(callCommand), key.map(expireCommand)], {
        maxCommands: 60,
      });
      const property = fc.asyncProperty(commands, async (run) => {
        await subject.clear();
        const model = new ModelStore();
        await fc.asyncModelRun(() => ({ model, real: subject }), run);
        await expectSameEntries(model, subject);
      });
      await check(property, 60);
    },
    PROPERTY_TIMEOUT,
  );

  it(
    'answers calls made all at once as if they were made one by one',
    async () => {
      const property = fc.asyncProperty(fc.array(anyCall, { maxLength: 80 }), async (calls) => {
        await subject.clear();
        const model = new ModelStore();
        const answers: unknown[] = [];
        for (const together of upToRangeCalls(calls)) {
          const made = together.map((call) => answerOfStore(subject.store, call));
          answers.push(...(await Promise.all(made)));
        }
        const titles = calls.map(({ title }) => title);
        expect(titles.map((title, i) => [title, answers[i]])).toEqual(
          calls.map((call) => [call.title, answerOfModel(model, call)]),
        );
        await expectSameEntries(model, subject);
      });
      await check(property, 80);
    },
    PROPERTY_TIMEOUT,
  );
});
