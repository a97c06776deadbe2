// A process of its own with a store of its own: many workers make random calls on shared keys and
// write down what they did. Started by linearizability.spec.ts.
import 'reflect-metadata';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { startStore } from '../support/nest.js';
import type { RecordedCall } from './history.js';
import { Recorder } from './recorder.js';
import type { WorkerSettings } from './worker-settings.js';
import { makeRandomCall, type Traffic } from './traffic.js';

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;

const { store, close } = await startStore({ ...settings.store, cleanup: false });
const recorder = new Recorder(BigInt(settings.clockBase));
const traffic: Traffic = { store, recorder, keys: settings.keys, id: settings.id, written: 0 };

// The parent lets all processes go at once.
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.unref();

const deadline = performance.now() + settings.milliseconds;
await Promise.all(
  Array.from({ length: settings.workers }, async () => {
    while (performance.now() < deadline) await makeRandomCall(traffic);
  }),
);
await close();
await save(recorder.calls);

async function save(calls: RecordedCall[]): Promise<void> {
  const file = createWriteStream(settings.output);
  for (const call of calls) {
    if (!file.write(`${JSON.stringify(call)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}
