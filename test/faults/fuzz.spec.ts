import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { PostgresSessionError, type PostgresSessionStore } from '../../lib/index.js';
import { anything, collect } from '../conformance/helpers.js';
import { callsWithKey, callsWithTtl, callsWithValue } from '../conformance/store-calls.js';
import { startStore } from '../support/app.js';
import { Harness } from '../support/harness.js';
import {
  badKey,
  badName,
  badStep,
  badTtl,
  badValue,
  hostileKey,
  hostilePrefix,
} from './support/hostile.js';
import { report, scale } from './support/report.js';

const TABLE = 'fuzz_sessions';
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const REFUSED = scale(80_000, 400_000);
const SENT = scale(24_000, 200_000);
const NAMES = scale(400, 4_000);
/** How V8 words the TypeError of a program that trips; ours say what must be given instead. */
const OF_THE_ENGINE = /^Cannot |^undefined |is not (a function|iterable|a constructor|defined)/;
let cases = 0;

jest.setTimeout(scale(60_000, 300_000));

const draw = <T>(arbitrary: fc.Arbitrary<T>, count: number): T[] =>
  fc.sample(arbitrary, { numRuns: count, seed: SEED });
const [badKeys, badValues] = [draw(badKey, 997), draw(badValue, 499)];
const [badTtls, badSteps] = [draw(badTtl, 251), draw(badStep, 251)];

describe(`Hostile input (FUZZ_SEED=${SEED})`, () => {
  const harness = Harness.use();
  let store: PostgresSessionStore;
  const { stackTraceLimit } = Error;

  beforeAll(async () => {
    // Nobody reads the traces of a hundred thousand refusals, and they take longer than the rest.
    Error.stackTraceLimit = 0;
    ({ store } = await harness.startStore({ tableName: TABLE }));
    await store.set('bystander', 'untouched', { owner: 'someone' });
  });

  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  async function table(): Promise<Map<string, string>> {
    const rows = await harness.sql<{ id: string; value: Buffer }>(`SELECT id, value FROM ${TABLE}`);
    return new Map(rows.map(({ id, value }) => [id, value.toString('latin1')]));
  }

  /** What came out of the calls and is not an error of ours; the first few, told in full. */
  async function strangers(calls: Array<() => unknown>, mustReject: boolean): Promise<string[]> {
    const wrong: string[] = [];
    for (let from = 0; from < calls.length; from += 2_000) {
      await Promise.all(
        calls.slice(from, from + 2_000).map(async (call, n) => {
          cases += 1;
          try {
            await call();
            if (mustReject) wrong.push(`${from + n}: accepted`);
          } catch (error) {
            if (!isOurs(error)) wrong.push(`${from + n}: ${String(error)}`);
          }
        }),
      );
    }
    return wrong.slice(0, 10);
  }

  function isOurs(error: unknown): boolean {
    if (error instanceof PostgresSessionError) return true;
    if (!(error instanceof Error) || OF_THE_ENGINE.test(error.message)) return false;
    return error.name === 'TypeError' || error.name === 'RangeError';
  }

  it('is refused in every place of every method, and nothing is sent', async () => {
    const before = await table();
    const calls: Array<() => unknown> = [];
    for (let n = 0; calls.length < REFUSED; n++) calls.push(...badCalls(n));
    expect(await strangers(calls, true)).toEqual([]);
    expect(await table()).toEqual(before);
  });

  /** One call for each place of each method, with another bad argument for each `n`. */
  function badCalls(n: number): Array<() => unknown> {
    const pick = (from: unknown[]): never => anything(from[n % from.length]);
    const withKey = callsWithKey(pick(badKeys));
    const calls = [
      ...withKey,
      ...callsWithValue(pick(badValues)),
      ...callsWithTtl(pick(badTtls)),
    ].map(([, call]) => call);
    const view = store.namespace('view:');
    return [
      ...calls.map((call) => () => call(store)),
      ...withKey.map(
        ([, call]) =>
          () =>
            call(view),
      ),
      () => store.increment('k', { by: pick(badSteps) }),
    ];
  }

  it('in keys, values, prefixes and owners does what it says, and nothing else', async () => {
    const model = new Map([['bystander', 'untouched']]);
    const keys = draw(hostileKey, SENT);
    const prefixes = draw(hostilePrefix, SENT);
    const calls = keys.map((key, n) => () => {
      const value = `${key}|${n}`;
      if (n % 40 === 0) return deletePrefix(model, prefixes[n] ?? key);
      if (n % 5 === 4) {
        model.delete(key);
        return store.delete(key);
      }
      if (n % 5 === 3) return expectValue(key, model.get(key));
      model.set(key, Buffer.from(value).toString('latin1'));
      return store.set(key, value, { owner: prefixes[n] || 'o' });
    });
    expect(await strangers(calls, false)).toEqual([]);
    expect(await table()).toEqual(model);
  });

  /** The model changes now, as the calls take effect in the order they are made. */
  function deletePrefix(model: Map<string, string>, prefix: string): Promise<void> {
    if (prefix === '' || 'bystander'.startsWith(prefix)) return Promise.resolve();
    for (const key of model.keys()) if (key.startsWith(prefix)) model.delete(key);
    return store.deletePrefix(prefix);
  }

  async function expectValue(key: string, expected: string | undefined): Promise<void> {
    let read: string | undefined;
    // Takes its place behind a deletion by prefix, for which a get does not wait.
    await store.update(key, (current) => {
      read = current.toString('latin1');
      return undefined;
    });
    if (read !== expected) throw new Error(`${JSON.stringify(key)}: ${read}, not ${expected}`);
  }

  it('in scans finds what starts with the prefix, in byte order', async () => {
    const keys = [...(await table()).keys()];
    const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
    for (const prefix of draw(hostilePrefix, scale(200, 2_000))) {
      cases += 1;
      const expected = keys.filter((key) => key.startsWith(prefix)).toSorted(bytes);
      expect(await collect(store.scan(prefix))).toEqual(expected);
    }
  });

  it('in table and schema names is refused before a connection is made', async () => {
    const connection = 'postgresql://nobody@127.0.0.1:1/nowhere';
    const boots = draw(badName, NAMES).map((name, n) => () => {
      const place = n % 2 ? { schema: anything(name) } : { tableName: anything(name) };
      return startStore({ connection, retryAttempts: 0, ...place }).catch(refusedAsOption);
    });
    expect(await strangers(boots, true)).toEqual([]);
  });

  it('leaves the rest of the table and the database as they were', async () => {
    expect((await table()).get('bystander')).toBe('untouched');
    const tables = await harness.sql('SELECT tablename FROM pg_tables WHERE schemaname = $1', [
      harness.schema,
    ]);
    expect(tables).toEqual([{ tablename: TABLE }]);
    report(`fuzz: ${cases} cases, nothing but our errors came out`);
    expect(cases).toBeGreaterThanOrEqual(100_000);
  });
});

/** Only a refusal as an option shows that no connection was tried. */
function refusedAsOption(error: unknown): never {
  if (error instanceof PostgresSessionError && error.code === 'ERR_INVALID_OPTION') throw error;
  throw new Error(`not refused as an option: ${String(error)}`);
}
