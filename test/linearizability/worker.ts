// A process of its own with a store of its own: many workers make random calls on shared keys and
// write down what they did. Started by linearizability.spec.ts.
import 'reflect-metadata';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { Pool } from 'pg';
import { getSessionPoolToken } from '../../lib/index.js';
import { neighbours as allNeighbours } from '../support/neighbours/all.js';
import { workOn } from '../support/neighbours/neighbour.js';
import { startStore } from '../support/app.js';
import type { RecordedCall } from './history.js';
import { Recorder } from './recorder.js';
import type { WorkerSettings } from './worker-settings.js';
import { makeRandomCall, type Traffic } from './traffic.js';

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;

const { connectionString, lent, neighbours } = settings;
const pool = lent ? new Pool({ connectionString }) : undefined;
const target = pool ? { pool } : { connection: connectionString };
const { app, store, close } = await startStore({ ...target, ...settings.store, cleanup: false });
const recorder = new Recorder(BigInt(settings.clockBase));
const traffic: Traffic = { store, recorder, keys: settings.keys, id: settings.id, written: 0 };

// The parent lets all processes go at once.
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.unref();

const deadline = performance.now() + settings.milliseconds;
const goesOn = (): boolean =>
  performance.now() < deadline || recorder.calls.length < settings.fewestCalls;
const callers = Array.from({ length: settings.workers }, async () => {
  while (goesOn()) await makeRandomCall(traffic);
});
const application = neighbours ? useToo(app.get<Pool>(getSessionPoolToken())) : [];
await Promise.all([...callers, ...application]);
await close();
await pool?.end();
await save(recorder.calls);

/** What an application does with the pool that the store works on. */
function useToo(pool: Pool): Promise<void>[] {
  return allNeighbours.map(async (neighbour) => {
    await neighbour.attach?.(pool);
    await workOn(pool, neighbour, goesOn);
  });
}

async function save(calls: RecordedCall[]): Promise<void> {
  const file = createWriteStream(settings.output);
  for (const call of calls) {
    if (!file.write(`${JSON.stringify(call)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}
