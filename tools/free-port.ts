import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range that systems take for outgoing connections: such a one could hold the port while
 * its server restarts, or a client that tries the port over and over could connect to itself.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** A port of the loopback address that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const closed = once(server, 'close');
  try {
    const listening = once(server, 'listening');
    server.listen(port, '127.0.0.1');
    await listening;
  } catch {
    return false;
  }
  server.close();
  await closed;
  return true;
}
