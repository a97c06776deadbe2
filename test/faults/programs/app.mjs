// An application on the built package, as users run it. The test says by messages what it does, and
// hears by messages what came of it.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import {
  PostgresSessionCleanupService,
  PostgresSessionModule,
  PostgresSessionStore,
} from 'nestjs-postgres-session';

/** `ownHandler`: the application is closed by a handler of its own, which leaves the process alone. */
const { options, ownHandler = false } = JSON.parse(process.argv[2]);

const say = (type, details = {}) => process.send({ type, ...details });

class AppModule {
  onModuleDestroy() {
    say('closing');
  }
}

const app = await NestFactory.create(
  {
    module: AppModule,
    imports: [ScheduleModule.forRoot(), PostgresSessionModule.forRoot(options)],
  },
  { logger: ['warn', 'error', 'fatal'], abortOnError: false },
);
const store = app.get(PostgresSessionStore);

/** Each request writes, counts and reads. */
app.use(async (request, response) => {
  const key = request.url;
  say('request');
  try {
    await store.set(key, 'value', { ttl: 60_000 });
    const visits = await store.increment(`${key}:visits`);
    const value = await store.get(key);
    response.end(`${value?.toString()} ${visits}`);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
});
if (ownHandler) process.once('SIGTERM', () => void close());
else app.enableShutdownHooks();

async function boot() {
  // From now on the channel to the test does not keep this process alive.
  process.channel.unref();
  const start = performance.now();
  const ms = () => performance.now() - start;
  say('booting');
  try {
    await app.init();
    // Closed meanwhile: Nest itself would go on to listen.
    if (closing) return;
    await app.listen(0, '127.0.0.1');
    say('booted', { ms: ms(), url: await app.getUrl() });
  } catch ({ code, message }) {
    say('boot-failed', { code, message, ms: ms() });
  }
}

async function sweep() {
  say('sweeping');
  say('swept', await app.get(PostgresSessionCleanupService).sweep());
}

function count(outcomes) {
  const codes = {};
  for (const { status, reason } of outcomes) {
    const code = status === 'fulfilled' ? 'ok' : (reason.code ?? String(reason));
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return codes;
}

/** Calls that are made together; each one's outcome is counted. */
async function burst() {
  const calls = Array.from({ length: 64 }, (_, n) => store.set(`burst:${process.pid}:${n}`, 'v'));
  say('burst-sent');
  say('burst-answered', count(await Promise.allSettled(calls)));
}

/** Opens the connections that a burst needs. */
async function warm() {
  await Promise.all(Array.from({ length: 64 }, (_, n) => store.get(`warm:${n}`)));
  await Promise.all(Array.from({ length: 64 }, (_, n) => store.set(`warm:${n}`, 'v')));
  say('warm');
}

/** Writes without a pause until the store is closed. */
async function work(worker, acknowledged) {
  for (let n = 0; ; n++) {
    const key = `load:${process.pid}:${worker}`;
    const [outcome] = await Promise.allSettled([store.set(key, String(n))]);
    if (outcome.status === 'rejected') return outcome;
    acknowledged[key] = String(n);
  }
}

async function load() {
  const acknowledged = {};
  const workers = Array.from({ length: 8 }, (_, worker) => work(worker, acknowledged));
  say('loading');
  say('load-ended', { codes: count(await Promise.all(workers)), acknowledged });
}

let closing = false;

async function close() {
  closing = true;
  const start = performance.now();
  await app.close();
  say('closed', { ms: performance.now() - start });
}

const handlers = {
  boot,
  sweep,
  burst,
  warm,
  load,
  close,
  closeTwice: () => Promise.all([close(), close()]),
};
process.on('message', (word) => void handlers[word]());
say('ready');
