import type { Socket } from 'node:net';

export interface LinkRules {
  carry: (chunk: Buffer, at: number, to: Socket) => Promise<void>;
  /** Whether the answer to this request is to be cut in half. */
  cutsAnswerTo: (request: Buffer) => boolean;
  /** Resolves as soon as packets arrive, be it the last ones of a connection. */
  arriving: () => Promise<void>;
  closed: () => void;
}

/** One client's connection and the one behind it. */
export class ProxiedLink {
  private muted = false;
  private cutsNextAnswer = false;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly rules: LinkRules,
  ) {
    this.forward(client, server, (request) => {
      this.cutsNextAnswer ||= this.rules.cutsAnswerTo(request);
      return false;
    });
    this.forward(server, client, () => this.cutsNextAnswer);
    // A reset is what this proxy is for; the other side learns of it through `close`.
    client.on('error', () => undefined).on('close', () => this.destroy());
    server
      .on('error', () => undefined)
      .on('close', () => {
        void this.rules.arriving().then(() => this.muted || this.reset());
      });
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.destroy();
  }

  destroy(): void {
    this.client.destroy();
    this.server.destroy();
    this.rules.closed();
  }

  /** The server's side closes, the client hears nothing. */
  mute(): void {
    this.muted = true;
    this.server.destroy();
    this.client.removeAllListeners('data').resume();
  }

  private forward(from: Socket, to: Socket, cuts: (chunk: Buffer) => boolean): void {
    let tail = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      const at = performance.now();
      const cut = cuts(chunk);
      const part = cut ? chunk.subarray(0, Math.max(1, chunk.length >> 1)) : chunk;
      tail = tail
        .then(() => (to.destroyed ? undefined : this.rules.carry(part, at, to)))
        .then(() => (cut ? this.cutAfterFlush() : undefined));
    });
    from.on('end', () => void tail.then(() => to.end()));
  }

  /** A FIN after the half answer: a reset would discard what the client has not read yet. */
  private cutAfterFlush(): void {
    this.client.end();
    this.server.destroy();
  }
}
