import { median } from '../measure/statistics.js';
import { atMost, digits, type Table, type Target } from '../report/outcome.js';
import { isLarge, type SizedTable } from './sized-table.js';

const KEYS = 100;
const MOST_RATIO = 2;

/** Times `deletePrefix` of 100 keys; the tables take turns. */
export async function timeDeletePrefix(
  tables: readonly SizedTable[],
  repeats: number,
): Promise<{ table: Table; targets: Target[]; wrong: number }> {
  const times = tables.map((): number[] => []);
  let wrong = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [at, { opened }] of tables.entries()) {
      const { ms, left } = await deleteOnce(opened.store, `gone:${repeat}:`);
      times[at]?.push(ms);
      wrong += left;
    }
  }
  const medians = times.map(median);
  const ratioOf = (at: number): number => (medians[at] ?? NaN) / (medians[0] ?? NaN);
  return {
    table: {
      title: `deletePrefix of ${KEYS} keys, median ms`,
      columns: ['table', 'ms'],
      rows: tables.map(({ label }, at) => [label, digits(medians[at] ?? NaN)]),
    },
    targets: tables.flatMap((table, at) => {
      if (!isLarge(table, tables)) return [];
      const what = `deletePrefix of ${KEYS} keys at ${table.label} against ${tables[0]?.label}`;
      return [atMost(what, MOST_RATIO, ratioOf(at))];
    }),
    wrong,
  };
}

async function deleteOnce(
  store: SizedTable['opened']['store'],
  prefix: string,
): Promise<{ ms: number; left: number }> {
  const keys = Array.from({ length: KEYS }, (_, i) => `${prefix}${i}`);
  await store.setMany(keys.map((key): [string, string] => [key, key]));
  const start = performance.now();
  await store.deletePrefix(prefix);
  const ms = performance.now() - start;
  return { ms, left: (await store.getMany(keys)).size };
}
