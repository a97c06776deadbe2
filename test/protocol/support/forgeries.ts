import type { PostgresSessionStore } from '../../../lib/index.js';
import { collect } from '../../conformance/helpers.js';
import { NEIGHBOURS, text } from './every-call.js';
import type { Row } from './messages.js';
import { replaceColumn } from './rewriting.js';

/** The key that the calls below ask for. */
export const KEY = 'mine';
export const FOREIGN_KEY = 'theirs';
export const FOREIGN_VALUE = 'value of theirs';
/** Of both. */
export const OWNER = 'somebody';

export interface AskingCall {
  readonly call: string;
  /** What the table holds before it. */
  readonly stored: string;
  /** What its statement has among its parameters; the key by default. */
  readonly asksFor?: string;
  /** What its statement answers for the key. */
  readonly answered: string;
  readonly run: (store: PostgresSessionStore) => Promise<unknown>;
  readonly expected: unknown;
}

const STORED = 'value of mine';
const TOGETHER = [KEY, NEIGHBOURS[0][0], NEIGHBOURS[1][0], NEIGHBOURS[2][0], 'missing'];
const ANSWERS_TOGETHER = [STORED, NEIGHBOURS[0][1], NEIGHBOURS[1][1], NEIGHBOURS[2][1], undefined];
const asking = { stored: STORED, answered: STORED };

/** Calls whose statement has a row to answer in any case. */
export const READS: readonly AskingCall[] = [
  {
    ...{ call: 'get', ...asking, expected: STORED },
    run: async (store) => text(await store.get(KEY)),
  },
  {
    ...{ call: 'get beside others', ...asking, expected: ANSWERS_TOGETHER },
    run: async (store) => (await Promise.all(TOGETHER.map((key) => store.get(key)))).map(text),
  },
  {
    ...{ call: 'getEntry', ...asking, expected: STORED },
    run: async (store) => text((await store.getEntry(KEY))?.value),
  },
  {
    ...{ call: 'getEntry beside others', ...asking, expected: ANSWERS_TOGETHER },
    run: async (store) =>
      (await Promise.all(TOGETHER.map((key) => store.getEntry(key)))).map((entry) =>
        text(entry?.value),
      ),
  },
  {
    ...{ call: 'getMany', ...asking, expected: ANSWERS_TOGETHER },
    run: async (store) => {
      const found = await store.getMany(TOGETHER);
      return TOGETHER.map((key) => text(found.get(key)));
    },
  },
  {
    ...{ call: 'update', ...asking, expected: STORED },
    run: async (store) => text(await store.update(KEY, (value) => value)),
  },
];

/** Calls whose statement answers a row where it finds the key. */
export const OTHER_CALLS: readonly AskingCall[] = [
  {
    ...{ call: 'getAndDelete', ...asking, expected: STORED },
    run: async (store) => text(await store.getAndDelete(KEY)),
  },
  {
    ...{ call: 'increment', stored: '41', answered: '42', expected: 42 },
    run: (store) => store.increment(KEY),
  },
  {
    ...{ call: 'touch beside others', ...asking, expected: [true, true, true, true, false] },
    run: (store) => Promise.all(TOGETHER.map((key) => store.touch(key, 60_000))),
  },
  {
    ...{ call: 'setIfPresent', ...asking, expected: true },
    run: (store) => store.setIfPresent(KEY, STORED),
  },
  {
    ...{ call: 'setIfPresent beside others', ...asking, expected: [true, true, true, true, false] },
    run: (store) =>
      Promise.all(TOGETHER.map((key, i) => store.setIfPresent(key, ANSWERS_TOGETHER[i] ?? 'none'))),
  },
  {
    ...{ call: 'scanEntries', ...asking, expected: [`${KEY}=${STORED}`] },
    run: async (store) =>
      (await collect(store.scanEntries({ prefix: KEY }))).map(
        ([key, { value }]) => `${key}=${text(value)}`,
      ),
  },
  {
    ...{ call: 'scan', ...asking, expected: [KEY] },
    run: (store) => collect(store.scan(KEY)),
  },
];

/** Calls that delete what a page of keys tells them. */
export const RANGE_DELETES: readonly AskingCall[] = [
  {
    ...{ call: 'deletePrefix', ...asking, expected: undefined },
    run: (store) => store.deletePrefix(KEY),
  },
  {
    ...{ call: 'deleteOwner of a namespace', asksFor: OWNER, ...asking, expected: 1 },
    run: (store) => store.namespace(KEY.slice(0, 1)).deleteOwner(OWNER),
  },
];

export interface Forgery {
  readonly answer: string;
  readonly forge: (rows: Row[], call: AskingCall) => Row[];
}

const withForeignKey = (row: Row): Row => replaceColumn(row, KEY, FOREIGN_KEY);

const toForeign = (row: Row, { answered }: AskingCall): Row =>
  replaceColumn(withForeignKey(row), answered, FOREIGN_VALUE);

export const WHOLE_FOREIGN_ROW: Forgery = {
  answer: 'another entry',
  forge: (rows, call) => rows.map((row) => toForeign(row, call)),
};

/** Rows of keys that were not asked for. */
export const FOREIGN_ROWS: readonly Forgery[] = [
  {
    answer: 'the key of another entry',
    forge: (rows) => rows.map(withForeignKey),
  },
  WHOLE_FOREIGN_ROW,
  {
    answer: 'another entry behind its own',
    forge: (rows, call) => [...rows, ...rows.map((row) => toForeign(row, call))],
  },
  {
    answer: 'another entry in front of its own',
    forge: (rows, call) => [...rows.map((row) => toForeign(row, call)), ...rows],
  },
];

const OTHER_COLUMN = Buffer.from('1');

/** Rows of another statement, or none. */
export const OTHER_ROWS: readonly Forgery[] = [
  { answer: 'no row', forge: () => [] },
  { answer: 'a row without columns', forge: () => [[]] },
  { answer: 'a row of one column', forge: () => [[OTHER_COLUMN]] },
  { answer: 'a row of a column without a value', forge: () => [[null]] },
  { answer: 'a row of many columns', forge: () => [Array<Buffer>(9).fill(OTHER_COLUMN)] },
];
