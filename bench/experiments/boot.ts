import { median } from '../measure/statistics.js';
import { digits, type Table } from '../report/outcome.js';
import type { Server } from '../servers/server.js';
import { withClient } from '../systems/client.js';
import { openNestStore } from '../systems/nest-store.js';
import { tableOf, type SizedTable } from './sized-table.js';

/** Times module start-up on tables that exist, while another transaction holds row locks on each. */
export async function timeBoots(
  server: Server,
  tables: readonly SizedTable[],
  repeats: number,
): Promise<Table> {
  const rows: string[][] = [];
  for (const { label, rows: size } of tables) {
    const times = await withLockedRows(server, tableOf(size), () =>
      timed(server, tableOf(size), repeats),
    );
    rows.push([label, digits(median(times))]);
  }
  return { title: 'Boot on an existing table, median ms', columns: ['table', 'ms'], rows };
}

function withLockedRows<T>(server: Server, table: string, use: () => Promise<T>): Promise<T> {
  return withClient(server.url, async (client) => {
    await client.query('BEGIN');
    await client.query(`SELECT id FROM ${table} LIMIT 100 FOR UPDATE`);
    const result = await use();
    await client.query('ROLLBACK');
    return result;
  });
}

async function timed(server: Server, tableName: string, repeats: number): Promise<number[]> {
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = performance.now();
    const opened = await openNestStore(server.url, { tableName });
    times.push(performance.now() - start);
    await opened.close();
  }
  return times;
}
