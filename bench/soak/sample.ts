import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { withClient } from '../systems/client.js';
import type { Slice } from './walkers.js';

export const TABLE = 'celeris_sessions';

/** The state of process and server between two slices, when no call is under way. */
export interface Sample {
  minutes: number;
  heapMb: number;
  handles: number;
  connections: number;
  tableMb: number;
  p50: number;
  p99: number;
  callsPerSecond: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export async function takeSample(
  url: string,
  minutes: number,
  seconds: number,
  { latencies }: Slice,
): Promise<Sample> {
  collect();
  collect();
  const heapMb = process.memoryUsage().heapUsed / 2 ** 20;
  const handles = process.getActiveResourcesInfo().length;
  return {
    minutes,
    heapMb,
    handles,
    ...(await askServer(url)),
    p50: latencies.quantile(0.5),
    p99: latencies.quantile(0.99),
    callsPerSecond: latencies.count / seconds,
  };
}

async function askServer(url: string): Promise<{ connections: number; tableMb: number }> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ connections: number; tableMb: number }>(
      `SELECT (SELECT count(*)::int FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS connections,
              pg_total_relation_size($1)::float8 / 1048576 AS "tableMb"`,
      [TABLE],
    );
    return rows[0] ?? { connections: NaN, tableMb: NaN };
  });
}
