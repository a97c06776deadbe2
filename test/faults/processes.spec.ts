import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { Child, type Message } from './support/child.js';
import { readTable } from './support/ledger.js';
import { report, scale } from './support/report.js';

const PROCESSES = scale(6, 16);
const EXPIRED = scale(20_000, 100_000);
const LIVE = 1_000;
const TABLE = 'many_sessions';

jest.setTimeout(scale(30_000, 120_000));

describe(`${PROCESSES} processes on one database`, () => {
  let server: PostgresServer;
  let admin: pg.Client;
  const children: Child[] = [];

  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: '300' } });
    admin = new pg.Client({ connectionString: server.connectionString });
    await admin.connect();
    const options = {
      connection: server.connectionString,
      tableName: TABLE,
      cleanup: { cron: '0 0 1 1 *' },
    };
    for (let n = 0; n < PROCESSES; n++) children.push(Child.run('app.mjs', { options }));
    await allHear('ready');
  }, 60_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await admin?.end();
    await server?.remove();
  });

  function tellAll(word: string): void {
    for (const child of children) child.tell(word);
  }

  function allHear(event: string): Promise<Message[]> {
    return Promise.all(children.map((child) => child.heard(event)));
  }

  it('all boot at once on an empty database', async () => {
    tellAll('boot');
    const booted = await allHear('booted');
    const slowest = Math.max(...booted.map(({ ms }) => Number(ms)));
    report(`${PROCESSES} processes booted together, the slowest in ${slowest.toFixed(0)} ms`);
    const { rowCount } = await admin.query('SELECT 1 FROM pg_indexes WHERE tablename = $1', [
      TABLE,
    ]);
    expect(rowCount).toBeGreaterThan(1);
  });

  it('sweep one at a time: every expired row goes, and no live one', async () => {
    await recordDeletes();
    await admin.query(
      `INSERT INTO ${TABLE} (id, value, expires_at)
       SELECT 'expired:' || n, 'x', now() - n * interval '1 second' FROM generate_series(1, ${EXPIRED}) n`,
    );
    await admin.query(
      `INSERT INTO ${TABLE} (id, value, expires_at)
       SELECT 'live:' || n, 'x', CASE WHEN n % 2 = 0 THEN now() + interval '1 hour' END
       FROM generate_series(1, ${LIVE}) n`,
    );
    tellAll('sweep');
    const swept = await allHear('swept');
    const sum = swept.reduce((total, { deleted }) => total + Number(deleted), 0);
    const skipped = swept.filter((sweep) => sweep.skipped === true).length;
    report(
      `${PROCESSES} sweeps at once: ${sum} of ${EXPIRED} expired rows deleted, ${skipped} skipped`,
    );
    expect(sum).toBe(EXPIRED);
    expect((await readTable(server.connectionString, TABLE)).size).toBe(LIVE);
    expect(turns(await sweepers())).toHaveLength(new Set(await sweepers()).size);
  });

  /** Every statement that deletes leaves the process number of its backend, in order. */
  async function recordDeletes(): Promise<void> {
    await admin.query(`
      CREATE TABLE deletes (n bigint GENERATED ALWAYS AS IDENTITY, backend int);
      CREATE FUNCTION record_delete() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO deletes (backend) VALUES (pg_backend_pid()); RETURN NULL; END';
      CREATE TRIGGER record BEFORE DELETE ON ${TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION record_delete()`);
  }

  async function sweepers(): Promise<number[]> {
    const { rows } = await admin.query<{ backend: number }>(
      'SELECT backend FROM deletes ORDER BY n',
    );
    return rows.map(({ backend }) => backend);
  }

  /** Two sweepers at once would take turns; each one alone has a single turn. */
  function turns(backends: number[]): number[] {
    return backends.filter((backend, n) => backend !== backends[n - 1]);
  }

  it('shut down together under load: each ends in order and nothing acknowledged is lost', async () => {
    tellAll('load');
    await allHear('loading');
    for (const child of children) child.kill('SIGTERM');
    const ended = await Promise.all(children.map((child) => child.ended));
    expect(ended).toEqual(ended.map(() => ({ code: null, signal: 'SIGTERM' })));
    const loads = await allHear('load-ended');
    const rows = await readTable(server.connectionString, TABLE);
    const acknowledged = loads.flatMap((load) => Object.entries(load.acknowledged as object));
    const lost = acknowledged.filter(([key, value]) => rows.get(key) !== value);
    report(`${PROCESSES} processes ended under load: lost ${lost.length}`);
    for (const { codes } of loads) expect(codes).toEqual({ ERR_STORE_CLOSED: 8 });
    expect(lost).toEqual([]);
  });
});
