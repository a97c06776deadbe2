import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Harness } from '../../support/harness.js';
import { listenOnLoopback, urlThrough } from '../../support/loopback.js';
import { ProxiedLink } from './proxied-link.js';

interface Weather {
  /** Packets vanish: nothing is forwarded in either direction, nothing is reset. */
  swallow: boolean;
  /** Milliseconds that each chunk travels, in each direction. */
  latency: number;
  /** One byte at a time. */
  trickle: boolean;
  /** Bytes that each direction of a connection carries in a second. */
  bytesPerSecond: number;
}

const FAIR: Weather = { swallow: false, latency: 0, trickle: false, bytesPerSecond: Infinity };

/** A TCP proxy in front of a server, which misbehaves as networks do. */
export class TcpProxy {
  private weather = FAIR;
  /** New connections go to them in turn. */
  private targets: readonly number[];
  private readonly links = new Set<ProxiedLink>();
  private cutMarker: string | undefined;
  private swallowMarker: string | undefined;
  private wake: () => void = () => undefined;
  private changed = this.nextChange();
  /** Connections taken since the start. */
  accepted = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    targetPort: number,
  ) {
    this.targets = [targetPort];
  }

  static async to(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new TcpProxy(server, await listenOnLoopback(server), targetPort);
    server.on('connection', (socket) => proxy.take(socket));
    return proxy;
  }

  /** In front of the server of the tests, for as long as the harness says. */
  static async before(harness: Harness): Promise<TcpProxy> {
    const proxy = await TcpProxy.to(Number(new URL(harness.url).port || 5432));
    harness.onEnd(() => proxy.close());
    return proxy;
  }

  /** The same connection string, led through this proxy. */
  url(connectionString: string): string {
    return urlThrough(this.port, connectionString);
  }

  /** Fair weather again. Bytes that were held back by `swallow` arrive late, as resent packets do. */
  async heal(): Promise<void> {
    this.change(FAIR);
    this.cutMarker = undefined;
    this.swallowMarker = undefined;
    if (!this.server.listening) {
      this.server.listen(this.port, '127.0.0.1');
      await once(this.server, 'listening');
    }
  }

  /** Leads new connections to another server; those there are stay where they are. */
  target(port: number): void {
    this.targets = [port];
  }

  /** Leads new connections to these servers in turn, as a balancer does. */
  alternate(ports: readonly number[]): void {
    this.targets = ports;
  }

  /** Leads clients to another server, and resets the connections they have. */
  moveTo(port: number): void {
    this.target(port);
    this.cut();
  }

  swallow(): void {
    this.change({ ...FAIR, swallow: true });
  }

  /** The network is gone from the moment on in which `marker` is asked for. */
  swallowFrom(marker: string): void {
    this.swallowMarker = marker;
  }

  delay(latency: number): void {
    this.change({ ...FAIR, latency });
  }

  trickle(): void {
    this.change({ ...FAIR, trickle: true });
  }

  throttle(bytesPerSecond: number): void {
    this.change({ ...FAIR, bytesPerSecond });
  }

  /** Resets every connection. */
  cut(): void {
    for (const link of this.links) link.reset();
  }

  /** Ends the connection on which `marker` is asked for next, in the middle of the server's answer. */
  cutAnswerTo(marker: string): void {
    this.cutMarker = marker;
  }

  /** Resets every connection and refuses new ones. */
  refuse(): void {
    this.server.close();
    this.cut();
  }

  /** Forgets connections without a word to the client, as a NAT table does; they stay silent for good. */
  forget(): void {
    for (const link of this.links) link.mute();
  }

  async close(): Promise<void> {
    this.change(FAIR);
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    this.server.close();
    for (const link of this.links) link.destroy();
    await closed;
  }

  get open(): number {
    return this.links.size;
  }

  private take(client: Socket): void {
    const port = this.targets[this.accepted % this.targets.length];
    this.accepted += 1;
    const link = new ProxiedLink(client, connect({ port, host: '127.0.0.1', noDelay: true }), {
      carry: (chunk, at, to) => this.carry(chunk, at, to),
      cutsAnswerTo: (request) => this.cutsAnswerTo(request),
      arriving: () => this.arriving(),
      closed: () => this.links.delete(link),
    });
    this.links.add(link);
  }

  private cutsAnswerTo(request: Buffer): boolean {
    if (this.swallowMarker !== undefined && request.includes(this.swallowMarker)) this.swallow();
    const cuts = this.cutMarker !== undefined && request.includes(this.cutMarker);
    if (cuts) this.cutMarker = undefined;
    return cuts;
  }

  private async carry(chunk: Buffer, at: number, to: Socket): Promise<void> {
    await this.arriving();
    const left = at + this.weather.latency - performance.now();
    if (left > 0) await sleep(left);
    const takes = (chunk.length * 1000) / this.weather.bytesPerSecond;
    if (takes >= 1) await sleep(takes);
    if (!this.weather.trickle) return void to.write(chunk);
    for (const byte of chunk) {
      to.write(Buffer.of(byte));
      await nextTurn();
    }
  }

  private async arriving(): Promise<void> {
    while (this.weather.swallow) await this.changed;
  }

  private change(weather: Weather): void {
    this.weather = weather;
    this.wake();
    this.changed = this.nextChange();
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
