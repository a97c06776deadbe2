import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { waitFor } from '../../support/conditions.js';

/** Turns every client away with 57P03, word for word as PostgreSQL does during its recovery. */
export class StartingServer {
  private clients = 0;

  private constructor(private readonly server: Server) {}

  static async listen(): Promise<StartingServer> {
    const server = createServer();
    const starting = new StartingServer(server);
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        starting.clients += 1;
        socket.end(fatal('57P03', 'the database system is starting up'));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return starting;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async turnedAway(clients: number): Promise<void> {
    await waitFor(() => this.clients >= clients, { what: 'clients that were turned away' });
  }

  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}

function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const header = Buffer.alloc(5);
  header.write('E');
  header.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([header, fields]);
}
