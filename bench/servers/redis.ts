import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../tools/free-port.js';
import type { Server } from './server.js';

const SETTINGS = {
  volatile: ['--appendonly', 'no'],
  durable: ['--appendonly', 'yes', '--appendfsync', 'always'],
};

/** `undefined` where there is no redis-server on the PATH. */
export function redisVersion(): string | undefined {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /v=(\S+)/.exec(stdout)?.[1] : undefined;
}

/** A Redis of our own: `volatile` writes nothing to disk, `durable` syncs before it answers. */
export async function startRedis(persistence: keyof typeof SETTINGS): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'));
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''].concat(
      SETTINGS[persistence],
    ),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  const exited = once(child, 'exit');
  await Promise.race([
    whenReady(child.stdout),
    exited.then(() => Promise.reject(new Error('redis-server did not start'))),
  ]);
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async stop() {
      process.off('exit', reap);
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function whenReady(log: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => {
    log.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve();
    });
  });
}
