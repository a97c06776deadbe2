// An application as users run it: it boots, answers, sweeps and shuts down; the test says when.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import {
  PostgresSessionCleanupService,
  PostgresSessionModule,
  PostgresSessionStore,
} from 'nestjs-postgres-session';
import { onWord, say, settings } from './protocol.mjs';

class AppModule {}

const imports = [ScheduleModule.forRoot(), PostgresSessionModule.forRoot(settings.options)];
const logger = ['error', 'fatal'];
const app = await NestFactory.create(
  { module: AppModule, imports },
  { logger, abortOnError: false },
);
app.enableShutdownHooks();
const store = app.get(PostgresSessionStore);

async function boot() {
  const start = performance.now();
  say('booting');
  try {
    await app.init();
    // Closed meanwhile: Nest itself would go on to listen.
    if (closing) return;
    await app.listen(0, '127.0.0.1');
    say('booted', { ms: performance.now() - start });
  } catch (error) {
    say('boot-failed', { code: error.code, message: error.message, ms: performance.now() - start });
    process.exit(1);
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

// The test's words must not keep the process alive once the application is closed.
process.stdin.unref();
const waiting = setInterval(() => undefined, 1_000);
onWord({
  boot: () => {
    clearInterval(waiting);
    void boot();
  },
  sweep,
  burst,
  warm,
  load,
  close,
  closeTwice: () => Promise.all([close(), close()]),
});
say('ready');
