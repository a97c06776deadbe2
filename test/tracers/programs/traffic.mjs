// Calls of every kind on one store, of which each knows what it must answer: calls on one key take
// effect in the order they are made.
import { randomBytes, randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

const CALLS_IN_A_REQUEST = 25;
const KEYS = 64;
const COUNTERS = 16;
const LARGEST_VALUE = 2_000;
const TTL = 600_000;
const REPORTED_PROBLEMS = 20;

/** A value of this many bytes is refused by the table. */
export const REFUSED_VALUE = 10_000;

const pick = (choices) => choices[randomInt(choices.length)];
const some = (choices) => Array.from({ length: 4 }, () => pick(choices));

/** Makes a call and says what it must answer, or the code of the error that it must reject with. */
const CALLS = {
  get: ({ store, values, keys }) => {
    const key = pick(keys);
    return [store.get(key), values.get(key)];
  },
  getMany: ({ store, values, keys }) => {
    const wanted = some(keys);
    return [
      store.getMany(wanted),
      new Map(wanted.filter((key) => values.has(key)).map((key) => [key, values.get(key)])),
    ];
  },
  set: ({ store, values, keys, valueFor }) => {
    const key = pick(keys);
    const value = valueFor(key);
    values.set(key, value);
    return [store.set(key, value, { ttl: TTL })];
  },
  setMany: ({ store, values, keys, valueFor }) => {
    const entries = some(keys).map((key) => [key, valueFor(key)]);
    entries.forEach(([key, value]) => values.set(key, value));
    return [store.setMany(entries, { ttl: TTL })];
  },
  touch: ({ store, values, keys }) => {
    const key = pick(keys);
    return [store.touch(key, TTL), values.has(key)];
  },
  delete: ({ store, values, keys }) => {
    const key = pick(keys);
    return [store.delete(key), values.delete(key)];
  },
  increment: ({ store, counts, counters }) => {
    const key = pick(counters);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return [store.increment(key), count];
  },
  refusedSet: ({ store, keys, valueFor }) => {
    const key = pick(keys);
    return [store.set(key, valueFor(key, REFUSED_VALUE)), 'ERR_QUERY'];
  },
  refusedIncrement: ({ store, text }) => [store.increment(text), 'ERR_NOT_A_COUNTER'],
};

/** How often each is made: a store is mostly read. */
const MIX = Object.entries({
  get: 24,
  getMany: 4,
  set: 8,
  setMany: 2,
  touch: 6,
  delete: 3,
  increment: 4,
  refusedSet: 1,
  refusedIncrement: 1,
}).flatMap(([name, weight]) => Array.from({ length: weight }, () => name));

/**
 * Makes `calls` calls, one of each of the `callers` at a time, in requests that `request` runs;
 * errors are told to `noticeError`, as an application would tell them. Keys hold `secrets.key`,
 * values hold their key and `secrets.value`. Resolves to what went wrong.
 */
export async function drive(store, options) {
  const { calls, callers, secrets, request, noticeError } = options;
  const problems = [];
  const name = (kind) => (_, n) => `${secrets.key}:${kind}:${n}`;
  const valueFor = (key, length = randomInt(LARGEST_VALUE)) =>
    Buffer.concat([Buffer.from(`${key}|${secrets.value}|`), randomBytes(length)]);
  const traffic = {
    store,
    valueFor,
    values: new Map(),
    counts: new Map(),
    keys: Array.from({ length: KEYS }, name('session')),
    counters: Array.from({ length: COUNTERS }, name('counter')),
    text: name('text')(undefined, 0),
  };
  await store.set(traffic.text, `${secrets.value} of ${traffic.text}`);

  async function makeCall() {
    const kind = pick(MIX);
    const [call, expected] = CALLS[kind](traffic);
    const answer = await call.catch((error) => {
      noticeError(error);
      return error.code ?? error;
    });
    if (!isDeepStrictEqual(answer, expected))
      problems.push(`${kind}: ${shown(answer)} instead of ${shown(expected)}`);
  }

  async function makeRequests() {
    for (let made = 0; made < calls / callers; made += CALLS_IN_A_REQUEST) {
      await request(async () => {
        for (let n = 0; n < CALLS_IN_A_REQUEST; n++) await makeCall();
      });
    }
  }

  await Promise.all(Array.from({ length: callers }, makeRequests));
  return problems.slice(0, REPORTED_PROBLEMS);
}

/** Of a value only whose it is. */
function shown(answer) {
  if (Buffer.isBuffer(answer)) return `the value of ${answer.toString('latin1').split('|')[0]}`;
  if (answer instanceof Map) return `the values of ${[...answer.keys()].join(', ')}`;
  return String(answer);
}
