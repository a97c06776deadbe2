import type { Rounds } from '../measure/side-by-side.js';
import { medianRatio } from '../measure/statistics.js';
import type { Workload } from '../measure/workload.js';
import { atLeast, atMost, type Target } from '../report/outcome.js';
import {
  CONNECT_PG_SIMPLE,
  CONNECT_REDIS,
  IOREDIS,
  IOREDIS_DURABLE,
  KEYV,
  NODE_REDIS,
  OURS,
  OURS_LENT,
  OURS_PARSED,
  SEED,
} from '../systems/all.js';

/** Rounds by `<workload> <in flight>`. */
export type Cells = Map<string, Rounds>;

interface CallTarget {
  workload: Workload;
  inFlight: number;
  against: string;
  limit: number;
  ours?: string;
  /** Said after the other's name. */
  remark?: string;
}

const LENT = { ours: OURS_LENT, remark: 'ours on a lent pool' };
const PARSED = { ours: OURS_PARSED, remark: 'both delivering the parsed session' };

/** What calls a second must reach, as ratios to the other's. */
const RATIOS: readonly CallTarget[] = [
  { workload: 'get', inFlight: 64, against: CONNECT_PG_SIMPLE, limit: 10 },
  { workload: 'get', inFlight: 256, against: CONNECT_PG_SIMPLE, limit: 10 },
  { workload: 'get', inFlight: 64, against: CONNECT_PG_SIMPLE, limit: 7, ...LENT },
  { workload: 'get', inFlight: 256, against: CONNECT_PG_SIMPLE, limit: 7, ...LENT },
  { workload: 'get', inFlight: 64, against: KEYV, limit: 10 },
  { workload: 'get', inFlight: 64, against: NODE_REDIS, limit: 1.3 },
  { workload: 'get', inFlight: 256, against: NODE_REDIS, limit: 1.5 },
  { workload: 'get', inFlight: 64, against: IOREDIS, limit: 1 },
  { workload: 'get', inFlight: 256, against: IOREDIS, limit: 1 },
  { workload: 'get', inFlight: 64, against: CONNECT_REDIS, limit: 1.8, ...PARSED },
  { workload: 'get', inFlight: 256, against: CONNECT_REDIS, limit: 1.8, ...PARSED },
  { workload: 'set', inFlight: 64, against: CONNECT_PG_SIMPLE, limit: 6 },
  { workload: 'set', inFlight: 64, against: KEYV, limit: 6 },
  { workload: 'set', inFlight: 64, against: IOREDIS_DURABLE, limit: 1 },
  { workload: 'set', inFlight: 256, against: IOREDIS_DURABLE, limit: 1 },
  { workload: 'set', inFlight: 256, against: CONNECT_REDIS, limit: 1, ...PARSED },
  { workload: 'set', inFlight: 64, against: SEED, limit: 4 },
  { workload: 'touch', inFlight: 64, against: SEED, limit: 4 },
  { workload: 'mix', inFlight: 64, against: CONNECT_REDIS, limit: 1.3, ...PARSED },
];

const P99_AGAINST_PG_SIMPLE = 0.25;

export function isJudged(workload: Workload, inFlight: number): boolean {
  return RATIOS.some((target) => target.workload === workload && target.inFlight === inFlight);
}

export function judge(cells: Cells): Target[] {
  const targets = RATIOS.flatMap(({ workload, inFlight, against, limit, ours = OURS, remark }) => {
    const ratio = ratioIn(cells, workload, inFlight, ours, against, 'callsPerSecond');
    const what = `${workload}, ${inFlight} in flight, against ${against}${remark ? ` (${remark})` : ''}`;
    return ratio === undefined ? [] : [atLeast(what, limit, ratio)];
  });
  const p99 = ratioIn(cells, 'get', 64, OURS, CONNECT_PG_SIMPLE, 'p99');
  if (p99 !== undefined) {
    targets.push(
      atMost(`p99 of get, 64 in flight, against ${CONNECT_PG_SIMPLE}`, P99_AGAINST_PG_SIMPLE, p99),
    );
  }
  return targets;
}

function ratioIn(
  cells: Cells,
  workload: Workload,
  inFlight: number,
  ours: string,
  against: string,
  figure: 'callsPerSecond' | 'p99',
): number | undefined {
  const rounds = cells.get(`${workload} ${inFlight}`);
  const [mine, theirs] = [rounds?.get(ours), rounds?.get(against)];
  if (!mine || !theirs) return undefined;
  return medianRatio(
    mine.map((round) => round[figure]),
    theirs.map((round) => round[figure]),
  );
}
