// An application on the built package that keeps its store busy. The test says by messages when its event
// loop is to stand still, and hears what came of the calls.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

const WORKERS = 64;
const { options, blockMs } = JSON.parse(process.argv[2]);

const say = (type, details = {}) => process.send({ type, ...details });

class AppModule {}
const app = await NestFactory.createApplicationContext(
  { module: AppModule, imports: [PostgresSessionModule.forRoot(options)] },
  { logger: false, abortOnError: false },
);
const store = app.get(PostgresSessionStore);

let isEnding = false;
let answered = 0;
const failures = [];

/** Calls one after the other; the increments tell whether any was lost or ran twice. */
async function work(worker) {
  for (let n = 1; !isEnding; n++) {
    try {
      await store.set(`key:${worker}`, `${n}`);
      const value = await store.get(`key:${worker}`);
      const count = await store.increment(`count:${worker}`);
      if (value?.toString() !== `${n}` || count !== n)
        failures.push(`${n}: ${value?.toString()}, ${count}`);
      answered++;
    } catch (error) {
      failures.push(`${error.code}: ${error.message}`);
      return;
    }
  }
}

let working;

function load() {
  working = Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  say('loading');
}

/** Stands still with calls in flight: as many as there are workers, and those made right before. */
async function block() {
  const calls = ['a', 'b'].flatMap((key) => [
    store.get(`late:${key}`),
    store.set(`late:${key}`, 'x'),
    store.increment(`late:n:${key}`),
  ]);
  // Has them sent.
  await new Promise((resolve) => setImmediate(resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  for (const { reason } of await Promise.allSettled(calls)) {
    if (reason) failures.push(`${reason.code}: ${reason.message}`);
  }
  say('blocked');
}

async function end() {
  isEnding = true;
  await working;
  say('ended', { answered, failures });
}

const handlers = { load, block, end };
process.on('message', (word) => void handlers[word]());
say('ready');
