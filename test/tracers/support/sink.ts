import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, inflateSync } from 'node:zlib';

const DECODERS: Record<string, (body: Buffer) => Buffer> = {
  gzip: gunzipSync,
  deflate: inflateSync,
};

/** A server of the loopback address that agrees to all that is sent to it, and keeps it. */
export class Sink {
  readonly bodies: Buffer[] = [];
  private readonly server = createServer((request, response) => {
    void this.keep(request).finally(() => response.end('{}'));
  });

  static async open(): Promise<Sink> {
    const sink = new Sink();
    sink.server.listen(0, '127.0.0.1');
    await once(sink.server, 'listening');
    return sink;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async keep(request: IncomingMessage): Promise<void> {
    const body = await buffer(request);
    this.bodies.push(DECODERS[request.headers['content-encoding'] ?? '']?.(body) ?? body);
  }
}
