import { beforeAll, describe, expect, it } from '@jest/globals';
import { indexesOf } from '../support/catalog.js';
import { Harness } from '../support/harness.js';
import type { Message, Program } from '../support/program.js';
import { loadApp, NEVER, type Booted } from './support/app-program.js';
import { readTable } from './support/ledger.js';
import { report, scale } from './support/report.js';

const PROCESSES = 32;
const EXPIRED = scale(20_000, 100_000);
const LIVE = 1_000;
/** Machines that run many of them at once take their time. */
const TIME = 120_000;

describe(`${PROCESSES} processes on one database`, () => {
  const harness = Harness.use();
  let table: string;
  let programs: Program[];

  beforeAll(async () => {
    table = harness.table();
    const options = {
      connection: { connectionString: harness.url, max: 4 },
      tableName: table,
      cleanup: NEVER,
      // Everybody waits for everybody before it.
      schemaLockTimeout: 30_000,
    };
    programs = await Promise.all(
      Array.from({ length: PROCESSES }, () => loadApp(harness, { options })),
    );
  }, TIME);

  function tellAll(word: string): void {
    for (const program of programs) program.tell(word);
  }

  function allHear<T extends Message>(type: T['type']): Promise<T[]> {
    return Promise.all(programs.map((program) => program.heard<T>(type)));
  }

  it(
    'all boot at once on an empty database, and make one index on expiry',
    async () => {
      tellAll('boot');
      const booted = await allHear<Booted>('booted');
      const slowest = Math.max(...booted.map(({ ms }) => ms));
      report(`${PROCESSES} processes booted together, the slowest in ${slowest.toFixed(0)} ms`);
      const indexes = await indexesOf(harness, table);
      expect(indexes.filter(({ name }) => name === `${table}_expires_at`)).toHaveLength(1);
    },
    TIME,
  );

  it(
    'sweep one at a time: every expired row goes, and no live one',
    async () => {
      const sweepers = await recordSweepers();
      await insertRows();
      tellAll('sweep');
      const swept = await allHear<Swept>('swept');
      const sum = swept.reduce((total, { deleted }) => total + deleted, 0);
      const skipped = swept.filter((sweep) => sweep.skipped).length;
      report(
        `${PROCESSES} sweeps at once: ${sum} of ${EXPIRED} expired rows deleted, ${skipped} skipped`,
      );
      expect(sum).toBe(EXPIRED);
      expect((await readTable(harness.url, table)).size).toBe(LIVE);
      // Two sweepers at once would take turns; each one alone has a single turn.
      const backends = await sweepers();
      const turns = backends.filter((backend, n) => backend !== backends[n - 1]);
      expect(turns).toHaveLength(new Set(backends).size);
    },
    TIME,
  );

  /** Every statement that deletes leaves the process number of its backend; the answer reads them. */
  async function recordSweepers(): Promise<() => Promise<number[]>> {
    await harness.sql(`
      CREATE TABLE deletes (n bigint GENERATED ALWAYS AS IDENTITY, backend int);
      CREATE FUNCTION record_delete() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO deletes (backend) VALUES (pg_backend_pid()); RETURN NULL; END';
      CREATE TRIGGER record BEFORE DELETE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION record_delete()`);
    return async () => {
      const rows = await harness.sql<{ backend: number }>('SELECT backend FROM deletes ORDER BY n');
      return rows.map(({ backend }) => backend);
    };
  }

  async function insertRows(): Promise<void> {
    await harness.sql(
      `INSERT INTO ${table} (id, value, expires_at)
       SELECT 'expired:' || n, 'x', now() - n * interval '1 second'
       FROM generate_series(1, ${EXPIRED}) n`,
    );
    await harness.sql(
      `INSERT INTO ${table} (id, value, expires_at)
       SELECT 'live:' || n, 'x', CASE WHEN n % 2 = 0 THEN now() + interval '1 hour' END
       FROM generate_series(1, ${LIVE}) n`,
    );
  }

  it(
    'shut down together under load: each ends in order, silently, and loses nothing acknowledged',
    async () => {
      tellAll('load');
      await allHear('loading');
      for (const program of programs) program.signal('SIGTERM');
      const ends = await Promise.all(programs.map(({ ended }) => ended));
      const output = programs.map((program) => program.output).join('');
      expect({ ends, output }).toEqual({
        ends: programs.map(() => ({ code: null, signal: 'SIGTERM' })),
        output: '',
      });
      const loads = await allHear<LoadEnded>('load-ended');
      const rows = await readTable(harness.url, table);
      const acknowledged = loads.flatMap((load) => Object.entries(load.acknowledged));
      const lost = acknowledged.filter(([key, value]) => rows.get(key) !== value);
      report(`${PROCESSES} processes ended under load: lost ${lost.length}`);
      for (const { codes } of loads) expect(codes).toEqual({ ERR_STORE_CLOSED: 8 });
      expect(lost).toEqual([]);
    },
    TIME,
  );
});

interface Swept extends Message {
  type: 'swept';
  deleted: number;
  skipped: boolean;
}

interface LoadEnded extends Message {
  type: 'load-ended';
  codes: Record<string, number>;
  acknowledged: Record<string, string>;
}
