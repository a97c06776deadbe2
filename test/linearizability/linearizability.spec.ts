import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { getSessionSchemaSql } from '../../lib/index.js';
import { numbered } from '../conformance/helpers.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { explainHistory } from './checker.js';
import { byKey, type RecordedCall } from './history.js';
import { REFUSED_VALUE } from './traffic.js';
import type { WorkerSettings } from './worker-settings.js';

const SECONDS = Number(process.env.LINEARIZABILITY_SECONDS ?? 8);
const WORKERS = 64;
const KEYS = numbered('key', 500);
/** Where calls are fewer, so that they meet as often. */
const FEW_KEYS = numbered('key', 100);
/** However slow they are: enough for every kind of call and nearly every key. */
const FEWEST_CALLS = 4_000;
/** For starting the processes, and for reading and checking what they did. */
const SPARE_MS = 60_000 + SECONDS * 2_000;

const typescript = new URL('../../scripts/typescript.mjs', import.meta.url).href;
const program = fileURLToPath(new URL('./worker.ts', import.meta.url));

describe('calls of many workers in two processes', () => {
  let database: TestDatabase;
  let folder: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'linearizability-'));
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    await database.close();
  });

  const alone = { lent: false, neighbours: false, keys: KEYS };
  const beside = { batching: [undefined, false], neighbours: true, keys: FEW_KEYS } as const;
  const variants = [
    { title: 'with batching', batching: [undefined, undefined], ...alone },
    { title: 'with batching in one of them', batching: [undefined, false], ...alone },
    { title: 'beside other users of their pools', lent: false, ...beside },
    { title: 'beside other users of pools that they were lent', lent: true, ...beside },
  ] as const;

  it.each(variants)(
    'take effect one at a time, each between its start and its end, $title',
    async ({ title, batching, lent, neighbours, keys }) => {
      const tableName = title.replaceAll(' ', '_');
      await makeTable(tableName);
      const clockBase = String(process.hrtime.bigint());
      const settings = batching.map((each, i): WorkerSettings => ({
        id: i + 1,
        connectionString: database.connectionString,
        lent,
        neighbours,
        store: { tableName, batching: each },
        keys,
        workers: WORKERS / batching.length,
        fewestCalls: FEWEST_CALLS / batching.length,
        milliseconds: (SECONDS * 1_000) / variants.length,
        clockBase,
        output: join(folder, `${tableName}-${i}`),
      }));
      await runTogether(settings);

      const calls = (await Promise.all(settings.map(({ output }) => readCalls(output)))).flat();
      const histories = byKey(calls);
      const faults = [...histories.values()].flatMap((history) => explainHistory(history) ?? []);
      expect(faults).toEqual([]);
      // Nearly every key was met, and calls were not merely one after the other.
      expect(histories.size).toBeGreaterThan(keys.length * 0.9);
      const overlaps = overlapping(histories);
      expect(overlaps).toBeGreaterThan(100);
      expect(new Set(calls.map(({ operation }) => operation.kind)).size).toBe(12);
      console.log(
        `checked ${calls.length} calls, of which ${overlaps} overlapped another on their key`,
      );
    },
    SECONDS * 1_000 + SPARE_MS,
  );

  /** With a constraint, so that some of the writes are refused. */
  async function makeTable(tableName: string): Promise<void> {
    const admin = new Client({ connectionString: database.connectionString });
    await admin.connect();
    await admin.query(getSessionSchemaSql({ tableName }));
    await admin.query(`ALTER TABLE ${tableName} ADD CHECK (value <> '${REFUSED_VALUE}')`);
    await admin.end();
  }

  /** Starts a process for each, lets them go at the same moment, and waits for their end. */
  async function runTogether(settings: WorkerSettings[]): Promise<void> {
    const started = settings.map((each) => {
      const child = spawn(
        process.execPath,
        ['--import', typescript, program, JSON.stringify(each)],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      );
      children.push(child);
      return { child, closed: once(child, 'close') };
    });
    const ready = started.map(({ child, closed }) =>
      Promise.race([once(child.stdout, 'data'), closed]),
    );
    await Promise.all(ready);
    for (const { child } of started) child.stdin.end('go\n');
    for (const { closed } of started) expect((await closed)[0]).toBe(0);
  }

  async function readCalls(path: string): Promise<RecordedCall[]> {
    const calls: RecordedCall[] = [];
    for await (const line of createInterface(createReadStream(path))) {
      calls.push(JSON.parse(line) as RecordedCall);
    }
    return calls;
  }

  /** How many calls began while another call on their key was under way. */
  function overlapping(histories: Map<string, RecordedCall[]>): number {
    let count = 0;
    for (const history of histories.values()) {
      let latestEnd = -Infinity;
      for (const { start, end } of history.toSorted((a, b) => a.start - b.start)) {
        if (start < latestEnd) count++;
        latestEnd = Math.max(latestEnd, end ?? Infinity);
      }
    }
    return count;
  }
});
