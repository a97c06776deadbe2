import { once } from 'node:events';
import { runRound, type Load } from '../measure/round.js';
import type { Server } from '../servers/server.js';
import { openNestStore } from '../systems/nest-store.js';
import { ours } from '../systems/ours.js';
import { inputOf, tellParent } from './fork.js';

export interface LoadInput {
  server: Pick<Server, 'url' | 'pid'>;
  load: Load;
}

// Says when it is ready, waits for the word, runs one round and tells what it did.
const { server, load } = inputOf() as LoadInput;
const opened = await openNestStore(server.url);
const system = ours('ours', { ...server, stop: () => opened.close() }, opened);
await tellParent({ ready: true });
await once(process, 'message');
const round = await runRound(system, load);
await opened.close();
await tellParent(round);
process.disconnect();
