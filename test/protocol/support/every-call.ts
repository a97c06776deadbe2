import type { PostgresSessionStore } from '../../../lib/index.js';
import { collect } from '../../conformance/helpers.js';
import { turns } from './turns.js';
import { dataRow, errorResponse, readyForQuery } from './messages.js';

/** Values that a reader of the protocol could take for its messages, and those without much in them. */
const ENTRIES: ReadonlyArray<readonly [key: string, value: Buffer]> = [
  ['message', Buffer.concat([dataRow([Buffer.from('other')]), readyForQuery()])],
  ['error', errorResponse('XX000', 'not one')],
  ['empty', Buffer.alloc(0)],
  ['byte', Buffer.of(0x5a)],
  ['header', Buffer.of(0x44, 0, 0, 0, 4)],
];
const KEYS = ENTRIES.map(([key]) => key);
const MINUTE = 60_000;

/** Makes one call of every kind, alone and beside others, and tells what each resolved to. */
export async function everyCall(store: PostgresSessionStore): Promise<Record<string, unknown>> {
  await Promise.all(ENTRIES.map(([key, value]) => store.set(key, value)));
  const reads = await everyRead(store);
  const touched = await Promise.all([store.touch('byte', MINUTE), store.touch('none', MINUTE)]);
  const counted = [await store.increment('count'), await store.increment('count')];
  const entries = await Promise.all(['byte', 'none'].map((key) => store.getEntry(key)));
  const overwritten = await Promise.all([
    store.setIfPresent('byte', 'Z'),
    store.setIfPresent('none', 'Z'),
  ]);
  const absent = [await store.setIfAbsent('new', '1'), await store.setIfAbsent('new', '2')];
  const swapped = [
    await store.compareAndSet('new', '1', '3'),
    await store.compareAndSet('new', '1', '4'),
  ];
  const updated = text(await store.update('new', (value) => `${value.toString()}!`));
  const taken = [text(await store.getAndDelete('new')), text(await store.getAndDelete('new'))];
  await store.setMany([
    ['many:1', 'first'],
    ['many:2', 'second'],
  ]);
  const moved = [
    await store.move('many:1', 'moved', '5'),
    await store.move('many:1', 'moved', '6'),
  ];
  await store.move('moved', 'many:1', 'first');
  const sumOfMany = await store.count({ prefix: 'many:' });
  const scanned = await collect(store.scan(''));
  const deleted = await Promise.all(['byte', 'count', 'none'].map((key) => store.delete(key)));
  const deletedMany = await store.deleteMany([...KEYS, 'many:1', 'none']);
  await store.deletePrefix('many:');
  return {
    entries: entries.map((entry) => text(entry?.value)),
    overwritten,
    moved,
    sumOfMany,
    ...{ ...reads, touched, counted, absent, swapped, updated, taken, scanned, deleted },
    deletedMany,
    left: (await store.getMany([...KEYS, 'many:1', 'many:2', 'count', 'new'])).size,
  };
}

/** What {@link everyCall} resolves to where every answer reaches its call as it was given. */
export const EXPECTED: Awaited<ReturnType<typeof everyCall>> = {
  alone: [text(ENTRIES[0][1]), undefined],
  together: [...ENTRIES.map(([, value]) => text(value)), undefined],
  many: ENTRIES.map(([key, value]) => [key, text(value)]),
  touched: [true, false],
  entries: ['Z', undefined],
  overwritten: [true, false],
  moved: [true, false],
  sumOfMany: 2,
  counted: [1, 2],
  absent: [true, false],
  swapped: [true, false],
  updated: '3!',
  taken: ['3!', undefined],
  scanned: [...KEYS, 'count', 'many:1', 'many:2'].toSorted(),
  deleted: [true, true, false],
  deletedMany: KEYS.length,
  left: 0,
};

async function everyRead(store: PostgresSessionStore): Promise<Record<string, unknown>> {
  const get = async (key: string): Promise<string | undefined> => text(await store.get(key));
  const many = await store.getMany([...KEYS, 'none']);
  return {
    alone: [await get(KEYS[0]), await get('none')],
    together: await Promise.all([...KEYS, 'none'].map(get)),
    many: KEYS.flatMap((key) => (many.has(key) ? [[key, text(many.get(key))]] : [])),
  };
}

/** Entries that are read beside each other, and the key of none. */
export const NEIGHBOURS = Array.from(
  { length: 12 },
  (_, n) => [`key ${n}`, `value of key ${n}`] as [key: string, value: string],
);
export const NEIGHBOUR_VALUES = [...NEIGHBOURS.map(([, value]) => value), undefined];

/** Reads them at once, in groups that follow so soon that several statements are under way. */
export async function getNeighbours(
  store: PostgresSessionStore,
): Promise<Array<string | undefined>> {
  const gets: Array<Promise<Buffer | undefined>> = [];
  for (const key of [...NEIGHBOURS.map(([key]) => key), 'missing']) {
    gets.push(store.get(key));
    if (gets.length % 3 === 1) await turns(1);
  }
  return (await Promise.all(gets)).map(text);
}

/** One character for each byte, which a failed test can show. */
export function text(value: Buffer | undefined): string | undefined {
  return value?.toString('latin1');
}
