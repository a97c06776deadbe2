import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listenOnLoopback, urlThrough } from '../support/loopback.js';

export interface WireCounter {
  /** Leads to the server by way of the counter. */
  connectionString: string;
  connections(): number;
  /** Bytes that went to the server so far. */
  sent(): number;
  close(): Promise<void>;
}

/** Counts what travels to a server; where nothing is forwarded, it hangs up on everybody. */
export async function countWire(
  connectionString: string,
  { forward = true } = {},
): Promise<WireCounter> {
  const { hostname: host, port } = new URL(connectionString);
  const sockets = new Set<Socket>();
  let connections = 0;
  let sent = 0;

  const server = createServer((client) => {
    connections++;
    track(client);
    client.on('data', (chunk) => (sent += chunk.length));
    if (!forward) {
      client.destroy();
      return;
    }
    const upstream = track(connect(Number(port || 5432), host));
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  const ownPort = await listenOnLoopback(server);

  return {
    connectionString: urlThrough(ownPort, connectionString),
    connections: () => connections,
    sent: () => sent,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };

  function track(socket: Socket): Socket {
    sockets.add(socket);
    // A broken connection is the business of the two ends.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }
}
