import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenOnLoopback, urlThrough } from '../../support/loopback.js';
import type { AnswerMessage, Packing, Rewriting, Script } from './answer.js';
import { inOnePacket } from './packing.js';
import { ProtocolLink } from './protocol-link.js';

/**
 * A proxy in front of a PostgreSQL without TLS, which knows the messages that pass through it: it
 * delivers answers in the packets that a test wants, and changes what they say.
 */
export class ProtocolProxy {
  private readonly links = new Map<number, ProtocolLink>();
  private readonly script: Script;
  /** Connections taken since the start. */
  accepted = 0;
  private lostBefore = 0;

  private constructor(
    private readonly server: Server,
    /** Leads to the server by way of the proxy. */
    readonly url: string,
    private readonly target: URL,
  ) {
    this.script = { rewriting: unchanged, packing: inOnePacket, joinsAnswers: false };
  }

  static async to(connectionString: string): Promise<ProtocolProxy> {
    const server = createServer({ noDelay: true });
    const port = await listenOnLoopback(server);
    const url = urlThrough(port, connectionString);
    const proxy = new ProtocolProxy(server, url, new URL(connectionString));
    server.on('connection', (client) => proxy.take(client));
    return proxy;
  }

  /** From now on. */
  set rewriting(rewriting: Rewriting) {
    this.script.rewriting = rewriting;
  }

  set packing(packing: Packing) {
    this.script.packing = packing;
  }

  set joinsAnswers(joins: boolean) {
    this.script.joinsAnswers = joins;
  }

  /** Passes everything on as it came. */
  reset(): void {
    Object.assign(this.script, {
      rewriting: unchanged,
      packing: inOnePacket,
      joinsAnswers: false,
    } satisfies Script);
  }

  /** Connections that were taken and have ended, since `forgetLost`. */
  get lost(): number {
    return this.accepted - this.links.size - this.lostBefore;
  }

  get open(): number {
    return this.links.size;
  }

  forgetLost(): void {
    this.lostBefore = this.accepted - this.links.size;
  }

  isOpen(connection: number): boolean {
    return this.links.has(connection);
  }

  /** Every client gets the beginning of a message now, and the rest in front of its next answer. */
  beginMessage(message: Buffer, bytes: number): void {
    for (const link of this.links.values()) link.beginMessage(message, bytes);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const link of this.links.values()) link.destroy();
    await closed;
  }

  private take(client: Socket): void {
    this.accepted += 1;
    const number = this.accepted;
    const { hostname, port } = this.target;
    const server = connect({ host: hostname, port: Number(port || 5432), noDelay: true });
    this.links.set(number, new ProtocolLink(number, client, server, this.script));
    client.on('close', () => this.links.delete(number));
  }
}

function unchanged(answer: readonly AnswerMessage[]): Buffer[] {
  return answer.map(({ bytes }) => bytes);
}
